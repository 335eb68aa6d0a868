using System.Text;
using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

public sealed class AbuseReportTests
{
    private const string Good =
        """
        {"xarf_version":"4.0.0","report_id":"11111111-2222-3333-4444-555555555555","timestamp":"2026-01-02T03:04:05Z","reporter":{"org":"A","contact":"a@a.example","domain":"a.example"},
        "sender":{"org":"A","contact":"a@a.example","domain":"a.example"},"source_identifier":"192.0.2.7","source_port":22,"category":"connection","type":"login_attack","protocol":"tcp","first_seen":"2026-01-02T03:04:05Z","service":"ssh"}
        """;

    [Fact]
    public void Report_of_version_4_is_read()
    {
        var report = Read(Good)!;
        Assert.True(report.Valid, string.Join("; ", report.Faults));
        Assert.Equal(("connection", "login_attack", "192.0.2.7"), (report.Category, report.Type, report.Source));
    }

    [Theory]
    [InlineData("\"category\":\"connection\"", "\"category\":\"weather\"")]
    [InlineData("\"source_port\":22,", "")]
    [InlineData("\"timestamp\":\"2026-01-02T03:04:05Z\"", "\"timestamp\":\"yesterday\"")]
    [InlineData("\"domain\":\"a.example\"}", "\"domain\":\"a.example\",\"more\":1}")]
    [InlineData("11111111-2222", "x")]
    public void Report_that_breaks_a_rule_is_held_with_the_reason(string from, string to)
    {
        var report = Read(Good.Replace(from, to, StringComparison.Ordinal))!;
        Assert.False(report.Valid);
        Assert.NotEmpty(report.Faults);
    }

    [Fact]
    public void Other_json_is_no_report()
    {
        Assert.Null(Read("""{"a":1}"""));
        Assert.Null(Read("[1]"));
        Assert.Null(Read(new string('[', 100_000)));
        Assert.False(Xarf.Judge("[1]"u8.ToArray()).Valid);
    }

    [Fact]
    public void Archive_that_unpacks_to_far_more_than_it_holds_is_refused()
    {
        using var packed = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(packed, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        using (var stream = archive.CreateEntry("../../etc/evil.csv").Open())
            stream.Write(new byte[8 * 1024 * 1024]);
        var (members, refused) = ZipMembers.Read(packed.ToArray(), (_, _) => { });
        Assert.Equal("size", refused);
        Assert.Empty(members);
    }

    [Fact]
    public void Members_lose_their_folders()
    {
        using var packed = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(packed, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        using (var stream = archive.CreateEntry("../../etc/a.csv").Open())
            stream.Write("ip,tag\n192.0.2.1,x"u8);
        var member = Assert.Single(ZipMembers.Read(packed.ToArray(), (_, _) => { }).Members);
        Assert.Equal(("a.csv", 18L, 2), (member.Name, member.Size, member.Lines));
    }

    private static Kernel.Mail.AbuseReport? Read(string json) => Xarf.Read(Encoding.UTF8.GetBytes(json));
}
