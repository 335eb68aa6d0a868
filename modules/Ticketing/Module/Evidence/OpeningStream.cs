using System.Security.Cryptography;

namespace Appliance.Ticketing.Evidence;

/// <summary>Gives what <see cref="SealingStream"/> sealed. A piece that is altered, missing or out of place throws <see cref="CryptographicException"/>, a cut file <see cref="InvalidDataException"/>.</summary>
internal sealed class OpeningStream(Stream source, byte[] key) : PieceStream
{
    private readonly AesGcm _cipher = new(key, SealedForm.Tag);
    private readonly byte[] _nonce = new byte[12];
    private readonly byte[] _piece = new byte[SealedForm.Piece + SealedForm.Tag];
    private long _number = -1;
    private bool _ended;

    protected override async ValueTask<int> NextAsync(byte[] target, CancellationToken cancel)
    {
        if (_number < 0)
        {
            var read = await source.ReadAtLeastAsync(_piece.AsMemory(0, SealedForm.Mark.Length), SealedForm.Mark.Length, throwOnEndOfStream: false, cancel);
            if (!_piece.AsSpan(0, read).SequenceEqual(SealedForm.Mark))
                throw new InvalidDataException("it is no sealed file");
            _number = 0;
        }
        if (_ended)
            return 0;
        var length = await source.ReadAtLeastAsync(_piece, _piece.Length, throwOnEndOfStream: false, cancel) - SealedForm.Tag;
        if (length < 0)
            throw new InvalidDataException("it is cut short");
        _ended = source.Position == source.Length;
        SealedForm.Nonce(_nonce, _number++, _ended);
        _cipher.Decrypt(_nonce, _piece.AsSpan(0, length), _piece.AsSpan(length, SealedForm.Tag), target.AsSpan(0, length), SealedForm.Mark);
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            source.Dispose();
        _cipher.Dispose();
        base.Dispose(disposing);
    }
}
