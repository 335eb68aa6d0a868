using System.Security.Cryptography;
using Appliance.Kernel.Files;

namespace Appliance.Ticketing.Evidence;

/// <summary>Reads a stranger's file and gives it sealed, piece by piece; the hashes of what was read are made on the way.</summary>
internal sealed class SealingStream(Stream source, byte[] key) : PieceStream
{
    private readonly AesGcm _cipher = new(key, SealedForm.Tag);
    private readonly byte[] _nonce = new byte[12];
    private byte[] _piece = new byte[SealedForm.Piece];
    private byte[] _next = new byte[SealedForm.Piece];
    private int _nextLength = -1;
    private long _number;
    private bool _ended;

    /// <summary>Of the bytes read so far.</summary>
    public Digests Digests { get; } = new();

    /// <summary>The first bytes, by which the kind is guessed.</summary>
    public byte[] Head { get; private set; } = [];

    protected override async ValueTask<int> NextAsync(byte[] target, CancellationToken cancel)
    {
        if (_ended)
            return 0;
        var begin = 0;
        if (_nextLength < 0)
        {
            SealedForm.Mark.CopyTo(target);
            begin = SealedForm.Mark.Length;
            _nextLength = await TakeAsync(cancel);
            Head = _next[..Math.Min(_nextLength, 1024)];
        }
        (_piece, _next) = (_next, _piece);
        var length = _nextLength;
        // Only what comes after a whole piece tells whether it was the last.
        _nextLength = length < SealedForm.Piece ? 0 : await TakeAsync(cancel);
        _ended = _nextLength == 0;
        SealedForm.Nonce(_nonce, _number++, _ended);
        _cipher.Encrypt(_nonce, _piece.AsSpan(0, length), target.AsSpan(begin, length), target.AsSpan(begin + length, SealedForm.Tag), SealedForm.Mark);
        return begin + length + SealedForm.Tag;
    }

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        Digests.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> TakeAsync(CancellationToken cancel)
    {
        var read = await source.ReadAtLeastAsync(_next, SealedForm.Piece, throwOnEndOfStream: false, cancel);
        Digests.Append(_next.AsSpan(0, read));
        return read;
    }
}
