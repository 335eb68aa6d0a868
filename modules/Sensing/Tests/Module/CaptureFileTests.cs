using System.Security.Cryptography;
using Appliance.Sensing.Captures;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class CaptureFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-capture-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("D4C3B2A1", "pcap")]
    [InlineData("A1B2C3D4", "pcap")]
    [InlineData("4D3CB2A1", "pcap")]
    [InlineData("0A0D0D0A1C0000004D3C2B1A", "pcapng")]
    public async Task Capture_is_stored_with_size_hash_and_format(string head, string format)
    {
        byte[] content = [.. Convert.FromHexString(head), .. new byte[500_000]];
        var file = (await CaptureFile.StoreAsync(_folder, "../../etc/\u202Egpj.pcap", new MemoryStream(content), 1 << 20, TestContext.Current.CancellationToken)).Value;
        Assert.Equal((content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), format, "gpj.pcap"), ((int)file.Size, file.Sha256, file.Format, file.Name));
        Assert.Equal(_folder, Path.GetDirectoryName(file.Path));
        Assert.Equal(content, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("4D5A9000", 1 << 20, "sensing.refused.not-a-capture")]
    [InlineData("D4C3B2A1", 1000, "sensing.refused.capture-large")]
    public async Task What_is_no_capture_or_too_large_leaves_nothing_behind(string head, long limit, string refusal)
    {
        byte[] content = [.. Convert.FromHexString(head), .. new byte[5000]];
        var outcome = await CaptureFile.StoreAsync(_folder, "x", new MemoryStream(content), limit, TestContext.Current.CancellationToken);
        Assert.Equal(refusal, outcome.Refusals.Single().Key);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Tiny_file_is_no_capture()
    {
        var outcome = await CaptureFile.StoreAsync(_folder, "x", new MemoryStream([0xD4, 0xC3, 0xB2, 0xA1]), 1000, TestContext.Current.CancellationToken);
        Assert.False(outcome.Succeeded);
    }
}
