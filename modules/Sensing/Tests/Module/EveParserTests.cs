using System.Text;
using Appliance.Sensing.Intake;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class EveParserTests
{
    private readonly EveParser _parser = new();
    private readonly EveRecord _record = new();

    [Fact]
    public void Alert_with_http_gives_all_columns()
    {
        Assert.Null(Read("""
            {"timestamp":"2026-11-21T18:50:00.123456+0200","flow_id":123,"event_type":"alert","src_ip":"10.1.2.3","src_port":1025,"dest_ip":"2001:db8::7","dest_port":80,"proto":"TCP","app_proto":"http","replay":"j1","alert":{"action":"allowed","gid":3,"signature_id":2001219,"rev":7,"signature":"ET \"x\"","category":"Misc","severity":2},"http":{"url":"/a","hostname":"evil.example"}}
            """));
        Assert.Equal("alert", _record.Type);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 16, 50, 0, TimeSpan.Zero).AddTicks(1234560), EveTime.Time(_record.SeenMicros));
        Assert.Equal("10.1.2.3", _record.Source.ToString());
        Assert.Equal("2001:db8::7", _record.Destination.ToString());
        Assert.Equal((1025, 80, 123L), (_record.SourcePort, _record.DestinationPort, _record.FlowId));
        Assert.Equal((3, 2001219L, 7, 2, "ET \"x\"", "Misc"), (_record.Gid, _record.Sid, _record.Rev, _record.Severity, _record.Signature, _record.Category));
        Assert.Equal(("TCP", "http", "evil.example", "j1"), (_record.Proto.ToString(), _record.AppProto.ToString(), _record.Name.ToString(), _record.Replay.ToString()));
    }

    [Theory]
    [InlineData("""{"event_type":"dns","dns":{"type":"query","rrname":"a.example"}}""", "a.example")]
    [InlineData("""{"event_type":"dns","dns":{"version":2,"query":[{"rrname":"b.example"},{"rrname":"c.example"}]}}""", "b.example")]
    [InlineData("""{"event_type":"dns","dns":{"version":3,"queries":[{"rrname":"d.example"}]}}""", "d.example")]
    [InlineData("""{"event_type":"tls","tls":{"sni":"e.example","version":"TLS 1.3"}}""", "e.example")]
    public void Name_comes_from_the_protocol(string line, string name)
    {
        Assert.Null(Read(line));
        Assert.Equal(name, _record.Name.ToString());
    }

    [Theory]
    [InlineData("", RejectReason.NotJson)]
    [InlineData("{", RejectReason.NotJson)]
    [InlineData("""{"event_type":"dns"} x""", RejectReason.NotJson)]
    [InlineData("""{"event_type":"dns","a":"\x"}""", RejectReason.NotJson)]
    [InlineData("[1]", RejectReason.NotAnObject)]
    [InlineData("7", RejectReason.NotAnObject)]
    [InlineData("{}", RejectReason.NoType)]
    [InlineData("""{"event_type":7}""", RejectReason.NoType)]
    [InlineData("""{"event_type":"alert"}""", RejectReason.NoSignature)]
    [InlineData("""{"event_type":"alert","alert":[]}""", RejectReason.NoSignature)]
    public void What_is_no_record_is_refused_with_its_reason(string line, string reason) => Assert.Equal(reason, Read(line)?.Reason);

    [Fact]
    public void Fields_of_the_wrong_type_are_absent_not_fatal()
    {
        Assert.Null(Read("""{"event_type":"flow","timestamp":{},"src_ip":[1],"dest_ip":"nowhere","src_port":"x","dest_port":70000,"flow_id":1.5,"proto":{"a":1},"dns":7}"""));
        Assert.False(_record.HasTime);
        Assert.True(_record.Source.IsNone && _record.Destination.IsNone);
        Assert.Equal((-1, -1, long.MinValue), (_record.SourcePort, _record.DestinationPort, _record.FlowId));
    }

    [Fact]
    public void Long_name_is_cut_between_characters()
    {
        Assert.Null(Read($$$"""{"event_type":"tls","tls":{"sni":"{{{new string('a', EveRecord.TextLimit - 1)}}}ü"}}"""));
        Assert.Equal(new string('a', EveRecord.TextLimit - 1), _record.Name.ToString());
    }

    [Fact]
    public void Unknown_types_are_bounded()
    {
        for (var i = 0; i < 500; i++)
            Assert.Null(Read($$"""{"event_type":"t{{i}}"}"""));
        Assert.Equal("other", _record.Type);
        Assert.Null(Read("""{"event_type":"a b'; drop"}"""));
        Assert.Equal("other", _record.Type);
    }

    [Theory]
    [InlineData("2026-11-21T18:50:00.000000+0000", "2026-11-21T18:50:00.0000000+00:00")]
    [InlineData("2026-11-21T18:50:00.1-0330", "2026-11-21T22:20:00.1000000+00:00")]
    [InlineData("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.0000000+00:00")]
    [InlineData("2026-11-21 18:50:00 +00:00", "2026-11-21T18:50:00.0000000+00:00")]
    public void Time_is_read(string text, string expected)
    {
        Assert.True(EveTime.TryParse(Encoding.UTF8.GetBytes(text), out var micros));
        Assert.Equal(expected, EveTime.Time(micros).ToString("o"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-13-21T18:50:00.000000+0000")]
    [InlineData("2026-02-30T18:50:00.000000+0000")]
    [InlineData("99999-02-30T18:50:00.000000+0000")]
    public void Nonsense_is_no_time(string text) => Assert.False(EveTime.TryParse(Encoding.UTF8.GetBytes(text), out _));

    private (string Reason, string Detail)? Read(string line) => _parser.Read(Encoding.UTF8.GetBytes(line.Trim('\n')), _record);
}
