using System.Security.Cryptography;
using Appliance.Ticketing.Evidence;
using Xunit;

namespace Appliance.Ticketing.Tests.Evidence;

/// <summary>What is sealed comes back as it was, or not at all.</summary>
public sealed class SealedStreamTests
{
    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(SealedForm.KeyBytes);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SealedForm.Piece - 1)]
    [InlineData(SealedForm.Piece)]
    [InlineData(SealedForm.Piece + 1)]
    [InlineData((3 * SealedForm.Piece) + 17)]
    public async Task File_of_any_length_comes_back_and_its_sealed_length_is_known_beforehand(int size)
    {
        var plain = RandomNumberGenerator.GetBytes(size);
        var (sealedBytes, digests) = await SealAsync(plain);
        Assert.Equal(SealedForm.LengthOf(size), sealedBytes.Length);
        Assert.Equal((Convert.ToHexStringLower(MD5.HashData(plain)), Convert.ToHexStringLower(SHA1.HashData(plain)), Convert.ToHexStringLower(SHA256.HashData(plain))), digests);
        Assert.Equal(plain, await OpenAsync(sealedBytes));
        if (size > 16)
            Assert.Equal(-1, sealedBytes.AsSpan().IndexOf(plain.AsSpan(0, 16)));
    }

    [Fact]
    public async Task Altered_cut_repeated_exchanged_or_foreign_pieces_are_never_given_out()
    {
        var (whole, _) = await SealAsync(RandomNumberGenerator.GetBytes((2 * SealedForm.Piece) + 100));
        const int Piece = SealedForm.Piece + SealedForm.Tag;
        foreach (var at in new[] { 0, 8, 8 + SealedForm.Piece, 8 + Piece, whole.Length - 1 })
        {
            var altered = whole.ToArray();
            altered[at] ^= 1;
            await Assert.ThrowsAnyAsync<Exception>(() => OpenAsync(altered));
        }
        // Cut where a piece ends: the last one says that it is the last.
        await Assert.ThrowsAnyAsync<CryptographicException>(() => OpenAsync(whole[..(8 + (2 * Piece))]));
        await Assert.ThrowsAnyAsync<Exception>(() => OpenAsync(whole[..^10]));
        await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync(whole[..8]));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => OpenAsync([.. whole, .. whole.AsSpan(8, Piece)]));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => OpenAsync([.. whole.AsSpan(0, 8), .. whole.AsSpan(8 + Piece, Piece), .. whole.AsSpan(8, Piece), .. whole.AsSpan(8 + (2 * Piece))]));
        await using var foreign = new OpeningStream(new MemoryStream(whole), RandomNumberGenerator.GetBytes(SealedForm.KeyBytes));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => foreign.CopyToAsync(Stream.Null, Cancel));
    }

    internal static async Task<(byte[] Sealed, (string, string, string) Digests)> SealAsync(byte[] plain)
    {
        // A line brings what it brings: pieces of odd lengths.
        await using var sealing = new SealingStream(new Dribble(plain), s_key);
        using var target = new MemoryStream();
        await sealing.CopyToAsync(target, Cancel);
        return (target.ToArray(), sealing.Digests.Finish());
    }

    private static async Task<byte[]> OpenAsync(byte[] bytes)
    {
        await using var opening = new OpeningStream(new MemoryStream(bytes), s_key);
        using var target = new MemoryStream();
        await opening.CopyToAsync(target, Cancel);
        return target.ToArray();
    }

    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 7001)], cancellationToken);
    }
}
