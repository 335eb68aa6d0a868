using Appliance.Contracts;
using Appliance.Sensing.Alerts;
using Appliance.Sensing.Sensors;
using Appliance.Sensing.Triage;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class ObservableAndViewTests
{
    [Fact]
    public void Observables_are_collected_once_from_all_protocols()
    {
        var set = new ObservableSet();
        set.AddRecord("""{"event_type":"http","http":{"hostname":"Evil.Example","url":"/x?y"},"fileinfo":{"sha256":"ab"}}""");
        set.AddRecord("""{"event_type":"dns","dns":{"queries":[{"rrname":"evil.example"},{"rrname":"7.2.0.192.in-addr.arpa"}]}}""");
        set.AddRecord("""{"event_type":"tls","tls":{"sni":"tls.example"}}""");
        set.AddRecord("""{"event_type":"http","http":{"hostname":"192.0.2.7","url":"/"}}""");
        Assert.Equal(
            [new("domain", "evil.example"), new("url", "http://Evil.Example/x?y"), new("sha256", "ab"), new("domain", "tls.example"), new Observable("ipv4", "192.0.2.7")],
            set.ToList());
    }

    [Fact]
    public void Alert_is_drawn_with_flow_protocol_and_payload()
    {
        var view = AlertView.Of("""{"event_type":"alert","flow":{"pkts_toserver":3,"start":"x"},"http":{"url":"<script>"},"payload":"AEFC/w==","community_id":"1:a"}""");
        Assert.Equal([("pkts_toserver", "3"), ("start", "x")], view.Flow);
        Assert.Equal(("url", "<script>"), view.Sections.Single().Fields.Single());
        Assert.Equal(new HexRow("0000", "00 41 42 ff", ".AB."), view.Payload!.Rows.Single());
        Assert.Equal(4, view.Payload.Length);
        Assert.Null(AlertView.Of("""{"payload":"!!"}""").Payload);
    }

    [Fact]
    public void Heartbeat_names_losses_by_stage_and_interfaces()
    {
        var beat = Heartbeat.Of("""{"event_type":"stats","stats":{"uptime":5,"capture":{"kernel_packets":100,"kernel_drops":2},"decoder":{"pkts":98},"sensor":{"generation":3,"interfaces":[{"name":"eth1","state":"not captured","reason":"CAP_NET_RAW missing"}],"jobs_waiting":1,"drops":{"ring":2,"decode":0,"memcap":4,"spool":0}},"spool":{"events_lost":5,"alerts_lost":0}}}""");
        // The ring's two are the kernel's two.
        Assert.Equal((100L, 11L, 3, 1L), (beat.Packets, beat.Lost, beat.Generation, beat.JobsWaiting));
        Assert.Equal("CAP_NET_RAW missing", beat.Interfaces.Single().Reason);
        Assert.Same(Heartbeat.None, Heartbeat.Of("""{"stats":7}"""));
        Assert.Same(Heartbeat.None, Heartbeat.Of(null));
    }
}
