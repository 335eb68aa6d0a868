using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>How far a stream has come. Both directions share it, in the order in which an exchange usually runs.</summary>
internal enum StreamState : byte { Idle, Open, Reserved, DataClient, HalfClosedClient, DataServer, HalfClosedServer, Closed, Global }

/// <summary>One stream (RFC 9113, section 5), or one frame about the whole connection.</summary>
internal sealed partial class Http2Transaction(uint stream) : Transaction
{
    // progress of a direction: headers are there, all that rules ask for is there, over
    private const int HeadersThere = 2, Ready = 3, Over = 5;
    public readonly Http2Side Request = new(), Response = new();

    public uint Stream { get; } = stream;

    /// <summary>Forgotten because there were too many.</summary>
    public bool Dropped;

    public StreamState State { get; private set; }

    public override int Complete => Over;
    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    public override bool HasRecord => HasContent;

    public Http2Side Side(bool toServer) => toServer ? Request : Response;

    public void Become(StreamState state)
    {
        State = state;
        Progressed();
    }

    /// <summary>At least that far.</summary>
    public void Advance(StreamState state)
    {
        if (State < state) Become(state);
    }

    public void Progressed()
    {
        bool over = State >= StreamState.Closed;
        ProgressToServer = over ? Over : State >= StreamState.DataClient ? Ready : Request.HasHeaders ? HeadersThere : 0;
        ProgressToClient = over ? Over : State >= StreamState.DataServer ? Ready : Response.HasHeaders ? HeadersThere : 0;
    }

    /// <summary>END_STREAM (section 5.1).</summary>
    public void EndStream(bool toServer)
    {
        if (State >= StreamState.Closed) return;
        if (toServer) Become(State == StreamState.HalfClosedServer ? StreamState.Closed : StreamState.HalfClosedClient);
        else Become(State == StreamState.HalfClosedClient ? StreamState.Closed : StreamState.HalfClosedServer);
    }

    public override bool Reached(BufferDescriptor buffer, bool toServer) => buffer.Id switch
    {
        BufferId.Http2Test => true,
        BufferId.Http2HeaderName or BufferId.HttpRequestHeader or BufferId.HttpResponseHeader => Progress(toServer) >= HeadersThere,
        _ => Progress(toServer) >= Ready,
    };

    public override long StreamedBytes(BufferId buffer, bool toServer) => Side(toServer).BodySeen;

    /// <summary>A body that has come to its end is looked at whatever its size, though the stream may go on.</summary>
    public override bool BodyEnded(bool toServer) => Side(toServer).File is { State: not FileState.Open };

    public override int Number(NumberId what, bool toServer, int index)
    {
        if (index > 0) return -1;
        switch (what)
        {
            case NumberId.UriLength: return Request.Headers.TryGet(":path"u8, out ReadOnlySpan<byte> path) ? path.Length : -1;
            case NumberId.HttpStatus: return Response.Headers.TryGet(":status"u8, out ReadOnlySpan<byte> status) && Http.HttpParser.TryNumber(status, 10, out long number) && number < 1000 ? (int)number : -1;
            default: return -1;
        }
    }

    public override void Reset()
    {
        base.Reset();
        Request.Release();
        Response.Release();
        _derived.Release();
    }
}
