namespace Appliance.Ticketing.Evidence;

/// <summary>A stream that is made piece by piece while it is read, forward only.</summary>
internal abstract class PieceStream : Stream
{
    private readonly byte[] _made = new byte[SealedForm.Piece + SealedForm.Tag + 16];
    private int _from;
    private int _to;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_from == _to)
            (_from, _to) = (0, await NextAsync(_made, cancellationToken));
        var given = Math.Min(buffer.Length, _to - _from);
        _made.AsMemory(_from, given).CopyTo(buffer);
        _from += given;
        return given;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read it with ReadAsync");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Makes the next piece at the beginning of <paramref name="target"/>; 0 at the end.</summary>
    protected abstract ValueTask<int> NextAsync(byte[] target, CancellationToken cancel);
}
