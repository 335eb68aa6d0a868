using System.Globalization;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>
/// What each state of a TCP conversation takes and refuses. Packets as <see cref="TcpScript"/> has them; the client begins at 100, the server at 500;
/// each expectation is what the reference engine does with the same packets.
/// </summary>
public sealed class TcpStateTests
{
    private const string Open = "c S 100 0; s SA 500 101; c A 101 501; ";
    private const string Talk = Open + "c PA 101 501 GET / HTTP/1.0~~; s A 501 119; s PA 501 119 HTTP/1.0 200 OK~~; c A 119 520; ";

    [Theory]
    // the handshake
    [InlineData("c S 100 0; c S 300 0; s SA 500 301; c A 301 501", "", "established")]
    [InlineData("c S 100 0; s SA 500 101; s SA 700 101; c A 101 701", "", "established")]
    [InlineData("c S 100 0; s SA 500 101; s SA 500 102", "3whs_synack_resend_with_different_ack", "syn_recv")]
    [InlineData("c S 100 0; s SA 500 999", "3whs_synack_with_wrong_ack", "syn_sent")]
    [InlineData("c S 100 0; c SA 500 101", "3whs_synack_in_wrong_direction", "syn_sent")]
    [InlineData("c S 100 0; s S 500 0; c SA 100 501; s A 501 101", "", "established")]
    [InlineData("c S 100 0; s RA 0 101", "", "closed")]
    [InlineData("c S 100 0; s SA 500 101; c A 101 999", "3whs_right_seq_wrong_ack_evasion", "syn_recv")]
    [InlineData("c S 100 0; s SA 500 101; s PA 501 101 early", "", "established")]
    [InlineData("c S 100 0; s SA 500 101; c S 300 0", "3whs_syn_resend_diff_seq_on_syn_recv", "syn_recv")]
    // under way
    [InlineData(Open + "c S 100 0", "est_syn_resend", "established")]
    [InlineData(Open + "c S 300 0", "est_syn_resend_diff_seq", "established")]
    [InlineData(Open + "s S 500 0", "est_syn_toclient", "established")]
    [InlineData(Open + "c A 100 501", "", "established")]
    [InlineData(Open + "c PA 101 501 abcdef; c PA 103 501 XXXX", "reassembly_overlap_different_data", "established")]
    [InlineData(Open + "c PA 101 501 abcdef; c PA 101 501 XXXXXX", "", "established")]
    [InlineData(Open + "c PA 101 501 abc; c R 101 0", "", "established")]
    [InlineData(Open + "c PA 101 501 abc; c R 104 0", "", "closed")]
    // the server closes first
    [InlineData(Talk + "s FA 520 119; c A 119 521; c FA 119 521; s A 521 120", "", "closed")]
    [InlineData(Talk + "s FA 520 119; c A 119 520", "", "fin_wait1")]
    [InlineData(Talk + "s FA 520 119; c A 119 521", "", "fin_wait2")]
    [InlineData(Talk + "s FA 520 119; s FA 520 119", "", "fin_wait1")]
    // the client closes first
    [InlineData(Talk + "c FA 119 520; s FA 520 120; c A 120 521", "", "closed")]
    [InlineData(Talk + "c FA 119 520; s FA 520 120", "", "last_ack")]
    [InlineData(Talk + "c FA 119 520; c S 100 0", "shutdown_syn_resend", "close_wait")]
    [InlineData(Talk + "c FA 119 520; c S 900 0", "", "syn_sent")]
    [InlineData(Talk + "c FA 119 520; s S 500 0", "", "syn_sent")]
    [InlineData(Talk + "c FA 90000 520", "fin_out_of_window", "established")]
    public async Task Each_state_takes_what_fits(string packets, string events, string state)
    {
        Replayed run = await Replayed.Of(TcpScript.Play(packets), Rules, "-k", "none");
        Assert.Equal(events.Split(' ', StringSplitOptions.RemoveEmptyEntries), run.Of("alert").Select(a => a.GetProperty("alert").GetProperty("signature").GetString()));
        Assert.Equal(state, run.Of("flow")[^1].GetProperty("tcp").GetProperty("state").GetString());
    }

    /// <summary>When an exchange is over: the packet whose turn it was written, or none when it waited for the end of the flow.</summary>
    [Theory]
    [InlineData(Open + "c PA 101 501 GET / HTTP/1.1~Host: h~~; s A 501 128; s PA 501 128 HTTP/1.1 200 OK~Content-Length: 0~~; c RA 128 539", 0)]
    [InlineData(Open + "c PA 101 501 GET / HTTP/1.1~Host: h~~; s A 501 128; s PA 501 128 HTTP/1.1 200 OK~Content-Length: 0~~; s RA 539 128", 7)]
    [InlineData(Open + "c PA 101 501 GET / HTTP/1.1~Host: h~~; s A 501 128; s PA 501 128 HTTP/1.1 200 OK~Content-Length: 0~~; c A 128 539; c RA 128 539", 7)]
    [InlineData(Open + "c PA 101 501 NOTIFY / HTTP/1.1~Host: h~~; s A 501 131; s PA 501 131 HTTP/1.1 200 OK~Content-Length: 0~~; c RA 131 539", 0)]
    [InlineData(Open + "c PA 101 501 GET / HTTP/1.0~~; s A 501 119; s FPA 501 119 HTTP/1.0 200 OK~~some text; c A 119 530; c FA 119 530; s A 530 120", 9)]
    public async Task An_exchange_ends_when_both_sides_have_closed_or_one_has_reset(string packets, int packet)
    {
        Replayed run = await Replayed.Of(TcpScript.Play(packets), "", "-k", "none");
        System.Text.Json.JsonElement http = Assert.Single(run.Of("http"));
        Assert.Equal(200, http.GetProperty("http").GetProperty("status").GetInt32());
        Assert.Equal(packet, http.TryGetProperty("pcap_cnt", out var number) ? number.GetInt32() : 0);
    }

    private static readonly string Rules = string.Join('\n', new[]
    {
        "3whs_synack_resend_with_different_ack", "3whs_synack_with_wrong_ack", "3whs_synack_in_wrong_direction", "3whs_right_seq_wrong_ack_evasion", "3whs_syn_resend_diff_seq_on_syn_recv",
        "3whs_wrong_seq_wrong_ack", "3whs_ack_in_wrong_dir", "est_syn_resend", "est_syn_resend_diff_seq", "est_syn_toclient", "est_packet_out_of_window", "est_pkt_before_last_ack", "est_invalid_ack",
        "reassembly_overlap_different_data", "rst_invalid_ack", "fin_out_of_window", "fin_invalid_ack", "fin1_ack_wrong_seq", "fin1_fin_wrong_seq", "fin2_ack_wrong_seq", "closewait_ack_out_of_window",
        "closewait_fin_out_of_window", "closing_ack_wrong_seq", "lastack_ack_wrong_seq", "timewait_ack_wrong_seq", "pkt_invalid_ack", "pkt_retransmission", "shutdown_syn_resend", "suspected_rst_inject",
    }.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"alert tcp any any -> any any (msg:\"{name}\"; stream-event:{name}; sid:{i + 1};)")));
}
