namespace Appliance.Sensing.Engine.Runtime;

internal sealed partial class Worker
{
    /// <summary>The first fault of the engine's own, with where it lies; null while there was none.</summary>
    public string? FirstFault { get; private set; }

    private void Note(Exception e)
    {
        Counters.Faults++;
        FirstFault ??= string.Create(System.Globalization.CultureInfo.InvariantCulture, $"packet {_number}: {e}");
    }

    /// <summary>Nothing is known of the state of what the packet met: its flows are counted from here on and no longer followed.</summary>
    private void GiveUp(Exception e)
    {
        Note(e);
        Abandon(_packet.Flow);
        foreach (Decode.Packet inner in _decoder.Inner) Abandon(inner.Flow);
        _decoder.Recycle();
    }

    private void Abandon(Flow.Flow? flow)
    {
        if (flow == null) return;
        if (!flow.App.Failed) Counters.App.Internal[(int)flow.App.Protocol]++;
        flow.App.Failed = true;
        flow.App.Transactions.Clear();
        flow.App.Frames?.Clear();
        flow.NoPayloadInspection = true;
        if (flow.Tcp == null) return;
        flow.Tcp.AppDisabled = true;
        flow.Tcp.Client.RawDone = flow.Tcp.Server.RawDone = true;
    }
}
