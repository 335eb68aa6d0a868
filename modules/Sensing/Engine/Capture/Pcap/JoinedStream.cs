namespace Appliance.Sensing.Engine.Capture.Pcap;

/// <summary>The bytes already read from a stream, then the stream itself: what a pipe needs to be looked at and read again.</summary>
internal sealed class JoinedStream(byte[] head, System.IO.Stream rest) : System.IO.Stream
{
    private int _used;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_used >= head.Length) return rest.Read(buffer, offset, count);
        int n = Math.Min(count, head.Length - _used);
        Buffer.BlockCopy(head, _used, buffer, offset, n);
        _used += n;
        return n;
    }

    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }
}
