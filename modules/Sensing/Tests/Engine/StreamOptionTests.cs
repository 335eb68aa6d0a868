using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>
/// Conversations of which a part was not seen, came twice, or came at odd times, under the options that decide what becomes of them. Every line is what Suricata 7.0.10 does with the same packets
/// (see <see cref="TcpScript"/>): its stream events in the order of the alphabet, what rules saw (H:), and the flows: state, protocol, and &lt; where the server is taken for the caller.
/// </summary>
public sealed class StreamOptionTests
{
    private const string Open = "c S 100 0; s SA 500 101; c A 101 501; ";
    private const string Asks = "c PA 101 501 GET /a HTTP/1.0~~; s A 501 120; ";
    private const string Answers = "s PA 501 120 HTTP/1.0 200 OK~Content-Length: 4~~EVIL; c A 120 544; ";

    [Theory]
    [InlineData("", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; c S 5100 0; c S 6100 0; c S 7100 0; c S 8100 0; c S 9100 0; c S 10100 0", "", "syn_sent")]
    [InlineData("", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; c S 5100 0; c S 6100 0; c S 7100 0; c S 8100 0; c S 9100 0; c S 10100 0; c S 11100 0; c S 12100 0", "3whs_syn_flood 3whs_syn_flood", "syn_sent")]
    [InlineData("", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; c S 5100 0; c S 6100 0; c S 7100 0; c S 8100 0; c S 9100 0; c S 10100 0; c S 11100 0; s SA 500 11101; c A 11101 501; c PA 11101 501 GET / HTTP/1.0~~; s A 501 11119", "3whs_syn_flood H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; c S 5100 0; c S 6100 0; c S 7100 0; c S 8100 0; c S 9100 0; c S 10100 0; c S 11100 0; s SA 500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "3whs_syn_flood 3whs_synack_with_wrong_ack pkt_spurious_retransmission", "syn_sent")]
    [InlineData("", "c S 100 0; s SA 500 101; s SA 1500 101; s SA 2500 101; s SA 3500 101; s SA 4500 101; s SA 5500 101; c A 101 5501; c PA 101 5501 GET / HTTP/1.0~~; s A 5501 119", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0; s SA 500 101; s SA 1500 101; s SA 2500 101; s SA 3500 101; s SA 4500 101; s SA 5500 101; s SA 6500 101; c A 101 6501; c PA 101 6501 GET / HTTP/1.0~~; s A 6501 119", "3whs_right_seq_wrong_ack_evasion 3whs_right_seq_wrong_ack_evasion 3whs_synack_flood", "established")]
    [InlineData("", "c S 100 0; s SA 500 101; s SA 1500 101; s SA 2500 101; s SA 3500 101; s SA 4500 101; s SA 5500 101; s SA 6500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "3whs_synack_flood H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=10/1000 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=9/1000 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "H:est pkt_invalid_timestamp", "established")]
    [InlineData("", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=900000000/1000 dt=2500000 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "", "established none")]
    [InlineData("", "c S 100 0 ts=4294967290/0; s SA 500 101 ts=4294967290/4294967290; c A 101 501 ts=2/4294967290; c PA 101 501 ts=5/4294967290 GET / HTTP/1.0~~; s A 501 119 ts=7/5", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=0/0; s SA 500 101 ts=0/0; c A 101 501 ts=0/0; c PA 101 501 ts=0/0 GET / HTTP/1.0~~; s A 501 119 ts=0/0", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=12/1000 dt=-50 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; c S 1100 0 ts=11/0; c S 2100 0 ts=12/0; s SA 500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "3whs_synack_with_wrong_ack pkt_spurious_retransmission", "syn_sent")]
    [InlineData("", "c S 100 0 ts=10/0; c S 1100 0 ts=11/0; c S 2100 0 ts=12/0; s SA 500 101 ts=1000/10; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; c S 1100 0 ts=11/0; c S 2100 0 ts=12/0; s SA 500 1101 ts=1000/12; c A 1101 501; c PA 1101 501 GET / HTTP/1.0~~; s A 501 1119", "3whs_synack_with_wrong_ack pkt_spurious_retransmission", "syn_sent")]
    [InlineData("", "c S 100 0 ts=10/0; c S 1100 0; c S 2100 0 ts=12/0; s SA 500 1101 ts=1000/10; c A 1101 501; c PA 1101 501 GET / HTTP/1.0~~; s A 501 1119", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0 ts=10/0; c S 1100 0; c S 2100 0 ts=12/0; s SA 500 2101 ts=1000/10; c A 2101 501; c PA 2101 501 GET / HTTP/1.0~~; s A 501 2119", "pkt_invalid_timestamp", "syn_sent")]
    [InlineData("", "c S 100 0; c S 1100 0 ts=11/0; s SA 500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "H:est H:uri", "established/http")]
    [InlineData("", "c S 100 0; c S 1100 0 ts=11/0; s SA 500 1101 ts=1000/10; c A 1101 501; c PA 1101 501 GET / HTTP/1.0~~; s A 501 1119", "pkt_invalid_timestamp", "syn_sent")]
    [InlineData("stream.max-syn-queued=3", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; s SA 500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "H:est H:uri", "established/http")]
    [InlineData("stream.max-syn-queued=3", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; s SA 500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "3whs_syn_flood 3whs_synack_with_wrong_ack pkt_spurious_retransmission", "syn_sent")]
    [InlineData("stream.max-syn-queued=3", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; s SA 500 1101; c A 1101 501; c PA 1101 501 GET / HTTP/1.0~~; s A 501 1119", "3whs_syn_flood H:est H:uri", "established/http")]
    [InlineData("stream.max-syn-queued=3", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; s SA 500 4101; c A 4101 501; c PA 4101 501 GET / HTTP/1.0~~; s A 501 4119", "3whs_syn_flood H:est H:uri", "established/http")]
    [InlineData("stream.max-syn-queued=3", "c S 100 0; c S 1100 0; c S 2100 0; c S 3100 0; c S 4100 0; c S 5100 0; c S 6100 0; c S 7100 0; c S 8100 0; c S 9100 0; c S 10100 0; c S 11100 0; s SA 500 2101; c A 2101 501; c PA 2101 501 GET / HTTP/1.0~~; s A 501 2119", "3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_syn_flood 3whs_synack_with_wrong_ack pkt_spurious_retransmission", "syn_sent")]
    [InlineData("stream.max-synack-queued=1", "c S 100 0; s SA 500 101; s SA 1500 101; c A 101 1501; c PA 101 1501 GET / HTTP/1.0~~; s A 1501 119", "H:est H:uri", "established/http")]
    [InlineData("stream.max-synack-queued=1", "c S 100 0; s SA 500 101; s SA 1500 101; s SA 2500 101; c A 101 2501; c PA 101 2501 GET / HTTP/1.0~~; s A 2501 119", "3whs_right_seq_wrong_ack_evasion 3whs_right_seq_wrong_ack_evasion 3whs_synack_flood", "established")]
    [InlineData("stream.max-synack-queued=1", "c S 100 0; s SA 500 101; s SA 1500 101; s SA 2500 101; s SA 3500 101; s SA 4500 101; s SA 5500 101; c A 101 501; c PA 101 501 GET / HTTP/1.0~~; s A 501 119", "3whs_synack_flood 3whs_synack_flood 3whs_synack_flood 3whs_synack_flood H:est H:uri", "established/http")]
    [InlineData("stream.liberal-timestamps=false", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=10/1000 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "H:est pkt_invalid_timestamp", "established")]
    [InlineData("stream.liberal-timestamps=false", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=9/1000 GET / HTTP/1.0~~; s A 501 119 ts=1001/10", "H:est pkt_invalid_timestamp", "established")]
    [InlineData("stream.liberal-timestamps=false", "c S 100 0 ts=10/0; s SA 500 101 ts=1000/10; c A 101 501 ts=11/1000; c PA 101 501 ts=12/1000 GET / HTTP/1.0~~; s A 501 119 ts=1005/12; s PA 501 119 ts=1004/12 HTTP/1.0 200 OK~~; c A 119 520 ts=13/1000", "H:est H:uri pkt_invalid_timestamp", "established/http")]
    [InlineData("", $"c R 50 0; {Open}{Asks}", "H:est H:uri rst_but_no_session", "none established/http")]
    [InlineData("", $"c A 50 7; {Open}{Asks}", "H:est H:uri", "none established/http")]
    [InlineData("", $"c PA 50 7 hello; {Open}{Asks}", "H:est H:uri", "none established/http")]
    [InlineData("", $"s A 50 7; {Open}{Asks}", "H:est H:uri", "none< established/http")]
    [InlineData("", $"s PA 50 7 hello; {Open}{Asks}", "H:est H:uri", "none< established/http")]
    [InlineData("", $"c PA 50 7 hello; s A 7 55; {Open}{Asks}", "H:est H:uri", "none established/http")]
    [InlineData("", $"c FA 50 7; s FA 7 51; c A 51 8; {Open}{Asks}", "H:est H:uri fin_but_no_session fin_but_no_session", "none established/http")]
    [InlineData("", $"c SA 50 7; {Open}{Asks}", "H:est H:uri", "none established/http")]
    [InlineData("", $"s SA 7 50; {Open}{Asks}", "H:est H:uri", "none< established/http")]
    [InlineData("", "c A 50 7; c S 100 0", "", "none syn_sent")]
    [InlineData("", "c PA 50 7 hello; s A 7 55; c S 100 0; c S 100 0", "", "none syn_sent")]
    [InlineData("", $"{Open}c P 101 501 GET", "H:est pkt_broken_ack", "established")]
    [InlineData("", "c S 100 77; s SA 500 101; c A 101 501", "pkt_broken_ack", "established")]
    [InlineData("", $"{Open}c R 101 501", "pkt_broken_ack", "closed")]
    [InlineData("", $"{Open}s R 501 101", "pkt_broken_ack", "closed")]
    [InlineData("", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none")]
    [InlineData("", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none<")]
    [InlineData("", $"c A 101 501; {Asks}{Answers}", "H:raw", "none")]
    [InlineData("", $"s A 501 101; {Asks}{Answers}", "H:raw", "none<")]
    [InlineData("", $"s SA 500 101; c A 101 501; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none<")]
    [InlineData("", $"s SA 500 101 ws=7; c A 101 501 win=500; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none<")]
    [InlineData("", $"s SA 500 101; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none<")]
    [InlineData("", $"s SA 500 101; s SA 500 101; c A 101 501; {Asks}{Answers}", "H:raw", "none<")]
    [InlineData("", $"c R 101 501; {Asks}{Answers}", "H:raw pkt_broken_ack rst_but_no_session", "none")]
    [InlineData("", $"c FA 101 501; {Asks}{Answers}", "H:raw fin_but_no_session", "none")]
    [InlineData("", "c FPA 101 501 GET /a HTTP/1.0~~; s A 501 121; s PA 501 121 HTTP/1.0 200 OK~~; c A 121 520", "fin_but_no_session", "none")]
    [InlineData("", "s FPA 501 120 HTTP/1.0 200 OK~~EVIL; c A 120 525", "H:raw fin_but_no_session", "none<")]
    [InlineData("", $"{Asks}{Answers}{Open}{Asks}{Answers}", "H:est H:raw H:raw H:resp H:uri", "none established/http")]
    [InlineData("", $"c PA 105 501 /a HTTP/1.0~~; s A 501 120; {Answers}", "H:raw", "none")]
    [InlineData("", $"c PA 101 501 GET /a HTTP/1.0~~; {Asks}{Answers}", "H:raw", "none")]
    [InlineData("", $"c PA 105 501 /a HTTP/1.0~~; c PA 101 501 GET ; s A 501 120; {Answers}", "H:raw", "none")]
    [InlineData("", "c PA 101 501 ts=10/20 GET /a HTTP/1.0~~; s A 501 120 ts=21/10; s PA 501 120 ts=22/10 HTTP/1.0 200 OK~~; c A 120 520 ts=11/22", "", "none")]
    [InlineData("", $"{Asks}{Answers}c PA 120 544 GET /b HTTP/1.0~~; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~", "H:raw", "none")]
    [InlineData("", $"{Open}c PA 101 501 GET /a HT; c PA 116 501 .0~~; s A 501 120; {Answers}", "H:est H:raw H:resp H:uri reassembly_seq_gap", "established/http")]
    [InlineData("", $"{Open}s A 501 120; {Answers}c PA 120 544 GET /b HTTP/1.0~~; s A 544 139", "H:est H:raw H:resp H:uri reassembly_seq_gap", "established/http")]
    [InlineData("", $"{Open}{Asks}c A 120 544; c PA 120 544 GET /b HTTP/1.0~~; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~; c A 139 561", "H:est H:est H:uri H:uri reassembly_seq_gap", "established/http")]
    [InlineData("", $"{Open}{Asks}s PA 501 120 HTTP/1.1 200 OK~Content-Length: 10~~12; s PA 545 120 7890; c A 120 549; c PA 120 549 GET /b HTTP/1.0~~; s A 549 139; s PA 549 139 HTTP/1.0 404 No~~; c A 139 566", "H:est H:est H:resp H:uri H:uri reassembly_seq_gap", "established/http")]
    [InlineData("", $"{Open}c PA 105 501 /a HTTP/1.0~~; s A 501 101; c PA 101 501 GET ; s A 501 120; {Answers}", "H:est H:raw H:resp", "established/http")]
    [InlineData("", $"{Open}c PA 101 501 GET ; c PA 110 501 TTP/1; c PA 118 501 ~; s A 501 120; {Answers}", "H:est H:raw H:resp", "established/http")]
    [InlineData("", $"{Open}s A 501 700; c PA 700 501 GET /z HTTP/1.0~~; s A 501 719", "H:est reassembly_seq_gap", "established")]
    [InlineData("", $"{Open}c PA 101 501 xxAAAA; c PA 120 501 BBBBxx; s A 501 126", "", "established")]
    [InlineData("", $"{Open}c PA 101 501 xxAAAA; c PA 107 501 BBBBxx; s A 501 113", "H:both", "established")]
    [InlineData("", $"{Open}c PA 105 501 /a HTTP/1.0~~; s R 501 0", "", "closed")]
    [InlineData("", $"{Open}c PA 101 501 GET /a HTTP/1.0~~", "H:est H:uri", "established/http")]
    [InlineData("", $"{Open}c PA 101 501 GET /a HTTP/1.0~~; c FA 120 501", "H:est H:uri", "close_wait/http")]
    [InlineData("", $"c S 100 0; s SA 500 101 dt=-1; c A 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("", $"{Open}c PA 101 501 GET /a HTTP/1.0~~; s A 501 120 dt=-3; {Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("", $"{Open}c PA 101 501 GET /a HTTP/1.0~~; s A 501 120 dt=-3600; {Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("", $"{Open}{Asks}s PA 501 120 dt=-86400 HTTP/1.0 200 OK~~; c A 120 520 dt=86400; c FA 120 520; s FA 520 121; c A 121 521", "H:est H:resp H:uri", "closed/http")]
    [InlineData("", "c S 100 0; s SA 500 101 dt=-2; c A 101 501 dt=4; c PA 101 501 dt=-2 GET /a HTTP/1.0~~; s A 501 120 dt=4; s PA 501 120 dt=-2 HTTP/1.0 200 OK~Content-Length: 4~~EVIL; c A 120 544; c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("", $"{Open}{Asks}s PA 501 120 dt=30 HTTP/1.0 200 OK~~; c A 120 520", "H:est H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw H:resp", "closed/http")]
    [InlineData("stream.midstream=true", $"c A 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"s A 501 101; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"s SA 500 101; c A 101 501; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true", $"s SA 500 101 ws=7; c A 101 501 win=500; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true", $"s SA 500 101; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true", $"s SA 500 101; s SA 500 101; c A 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"c R 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri pkt_broken_ack rst_but_no_session", "established/http")]
    [InlineData("stream.midstream=true", $"c FA 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri fin_but_no_session", "established/http")]
    [InlineData("stream.midstream=true", "c FPA 101 501 GET /a HTTP/1.0~~; s A 501 121; s PA 501 121 HTTP/1.0 200 OK~~; c A 121 520", "H:est H:resp H:uri fin1_invalid_ack pkt_invalid_ack", "fin_wait1/http")]
    [InlineData("stream.midstream=true", "s FPA 501 120 HTTP/1.0 200 OK~~EVIL; c A 120 525", "H:raw H:resp", "fin_wait1/http")]
    [InlineData("stream.midstream=true", $"c PA 105 501 /a HTTP/1.0~~; s A 501 120; {Answers}", "H:raw H:resp", "established/http")]
    [InlineData("stream.midstream=true", $"c PA 101 501 GET /a HTTP/1.0~~; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"c PA 105 501 /a HTTP/1.0~~; c PA 101 501 GET ; s A 501 120; {Answers}", "H:est H:raw H:resp pkt_spurious_retransmission", "established/http")]
    [InlineData("stream.midstream=true", "c PA 101 501 ts=10/20 GET /a HTTP/1.0~~; s A 501 120 ts=21/10; s PA 501 120 ts=22/10 HTTP/1.0 200 OK~~; c A 120 520 ts=11/22", "H:est H:resp H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"{Asks}{Answers}c PA 120 544 GET /b HTTP/1.0~~; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~", "H:est H:est H:raw H:resp H:uri H:uri", "established/http")]
    [InlineData("stream.midstream=true", $"c A 50 7; {Open}{Asks}", "H:est est_invalid_ack est_invalid_ack est_syn_resend_diff_seq est_synack_resend_with_different_ack pkt_invalid_ack pkt_invalid_ack", "established")]
    [InlineData("stream.midstream=true", $"c PA 50 7 hello; {Open}{Asks}", "H:est est_invalid_ack est_invalid_ack est_syn_resend_diff_seq est_synack_resend_with_different_ack pkt_invalid_ack pkt_invalid_ack", "established")]
    [InlineData("stream.midstream=true", $"s A 50 7; {Open}{Asks}", "est_syn_toclient est_synack_toserver reassembly_seq_gap", "established<")]
    [InlineData("stream.midstream=true", $"s PA 50 7 hello; {Open}{Asks}", "est_syn_toclient est_synack_toserver reassembly_seq_gap", "established<")]
    [InlineData("stream.midstream=true", $"c PA 50 7 hello; s A 7 55; {Open}{Asks}", "H:est est_syn_resend_diff_seq est_synack_resend_with_different_ack", "established")]
    [InlineData("stream.async-oneside=true", "s SA 500 101; s A 501 120; s PA 501 120 HTTP/1.0 200 OK~Content-Length: 4~~EVIL; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~; s FA 561 139", "H:raw H:resp fin_out_of_window", "established/http")]
    [InlineData("stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 105 501 /a HTTP/1.0~~; c PA 101 501 GET ; c A 120 544", "H:est pkt_spurious_retransmission", "established")]
    [InlineData("stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 101 501 GET ; c PA 110 501 TTP/1.0~~; c A 120 544; c PA 120 544 GET /b HTTP/1.0~~", "H:est reassembly_overlap_different_data", "established")]
    [InlineData("stream.async-oneside=true", "c S 100 0; c A 900 501; c PA 101 501 GET /a HTTP/1.0~~", "3whs_async_wrong_seq H:est H:uri", "established/http")]
    [InlineData("stream.async-oneside=true", "c S 100 0 win=1000; c A 101 501 win=1000; c PA 101 501 win=1000 *1400; c PA 1501 501 win=1000 *1400; c PA 2901 501 win=1000 GET", "H:est", "established")]
    [InlineData("stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 101 501 GET /a HTTP/1.0~~; c R 120 0", "H:est H:uri", "closed/http")]
    [InlineData("stream.async-oneside=true", $"c S 100 0; c A 101 501; {Asks}{Answers}", "H:est H:raw H:resp H:uri", "established/http")]
    [InlineData("stream.async-oneside=true", "c S 100 0 ts=1/0; c A 101 501 ts=2/9; c PA 101 501 ts=3/9 GET /a HTTP/1.0~~; c A 120 544 ts=4/10", "H:est H:uri", "established/http")]
    [InlineData("stream.async-oneside=true", "c S 100 0; c A 101 501; c FPA 101 501 GET /a HTTP/1.0~~; c A 121 545", "H:est H:uri", "close_wait/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw H:resp", "closed/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", $"s SA 500 101; c A 101 501; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:est H:raw H:resp H:uri", "closed/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", "c FPA 101 501 GET /a HTTP/1.0~~; s A 501 121; s PA 501 121 HTTP/1.0 200 OK~~; c A 121 520", "H:est H:resp H:uri fin1_invalid_ack pkt_invalid_ack", "fin_wait1/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", "s SA 500 101; s A 501 120; s PA 501 120 HTTP/1.0 200 OK~Content-Length: 4~~EVIL; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~; s FA 561 139", "H:raw H:resp fin_out_of_window", "established/http")]
    [InlineData("stream.midstream=true stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 101 501 GET /a HTTP/1.0~~; c R 120 0", "H:est H:uri", "closed/http")]
    [InlineData("stream.midstream-policy=pass-flow", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none")]
    [InlineData("stream.midstream-policy=pass-flow", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("stream.midstream-policy=pass-flow", $"c A 101 501; {Asks}{Answers}", "", "none")]
    [InlineData("stream.midstream-policy=pass-packet", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none")]
    [InlineData("stream.midstream-policy=drop-flow", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none")]
    [InlineData("stream.midstream-policy=drop-flow", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("stream.midstream-policy=drop-flow", $"{Asks}{Answers}{Open}{Asks}{Answers}", "H:est H:raw H:resp H:uri", "none established/http")]
    [InlineData("stream.midstream-policy=reject", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw fin_but_no_session fin_but_no_session", "none")]
    [InlineData("stream.midstream=true stream.midstream-policy=drop-flow", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none")]
    [InlineData("stream.midstream=true stream.midstream-policy=drop-flow", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("stream.midstream=true stream.midstream-policy=pass-flow", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "closed/http")]
    [InlineData("stream.midstream=true stream.midstream-policy=pass-flow", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "closed/http")]
    [InlineData("--simulate-ips", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none")]
    [InlineData("--simulate-ips", $"{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("--simulate-ips", $"s SA 500 101; c A 101 501; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("--simulate-ips", $"c R 101 501; {Asks}{Answers}", "pkt_broken_ack rst_but_no_session", "none")]
    [InlineData("--simulate-ips", $"c FA 101 501; {Asks}{Answers}", "", "none")]
    [InlineData("--simulate-ips", "c S 100 0; c A 101 501; c PA 101 501 GET /a HTTP/1.0~~; c A 120 544; c PA 120 544 GET /b HTTP/1.0~~; c FA 139 600", "", "syn_sent")]
    [InlineData("--simulate-ips", "c S 100 0; c PA 101 501 GET /a HTTP/1.0~~; c A 120 544; c PA 120 544 GET /b HTTP/1.0~~", "", "syn_sent")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 xxAAAABBBB; c PA 111 501 yyy; c PA 114 501 zzz", "H:both H:both H:both", "established")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 xxAAAA; c PA 107 501 BBBByy; c PA 113 501 zzz; c PA 116 501 qqq", "H:both H:both H:both", "established")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 xxAA; c PA 105 501 AABB; c PA 109 501 BByy; c PA 113 501 zzz", "H:both H:both", "established")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 AAAABBBB; c PA 109 501 xx; c PA 111 501 AAAABBBB", "H:both H:both H:both", "established")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 EV; c PA 103 501 IL; c PA 105 501 yy", "H:raw H:raw", "established")]
    [InlineData("--simulate-ips", $"{Open}c PA 101 501 AAAA; c PA 110 501 BBBB", "", "established")]
    [InlineData("--simulate-ips stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 101 501 GET /a HTTP/1.0~~; c A 120 544; c PA 120 544 GET /b HTTP/1.0~~; c FA 139 600", "H:est H:est H:uri H:uri", "close_wait/http")]
    [InlineData("--simulate-ips stream.async-oneside=true", "s SA 500 101; s A 501 120; s PA 501 120 HTTP/1.0 200 OK~Content-Length: 4~~EVIL; s A 544 139; s PA 544 139 HTTP/1.0 404 No~~; s FA 561 139", "", "none<")]
    [InlineData("--simulate-ips stream.async-oneside=true", "c S 100 0; c A 101 501; c PA 101 501 GET ; c PA 110 501 TTP/1.0~~; c A 120 544; c PA 120 544 GET /b HTTP/1.0~~", "H:est reassembly_overlap_different_data", "established")]
    [InlineData("--simulate-ips stream.async-oneside=true", $"s SA 500 101; c A 101 501; {Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "", "none<")]
    [InlineData("--simulate-ips stream.midstream=true", $"{Asks}{Answers}c FA 120 544; s FA 544 121; c A 121 545", "H:raw H:resp", "closed/http")]
    [InlineData("--simulate-ips stream.midstream=true", "c PA 101 501 ts=10/20 GET /a HTTP/1.0~~; s A 501 120 ts=21/10; s PA 501 120 ts=22/10 HTTP/1.0 200 OK~~; c A 120 520 ts=11/22", "H:resp", "established/http")]
    public async Task What_was_seen_in_part_is_followed_as_the_options_say(string options, string packets, string seen, string flows)
    {
        string[] words = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] args = ["-k", "none", .. words.SelectMany(w => w.StartsWith('-') ? (string[])[w] : ["--set", w])];
        Replayed run = await Replayed.Of(TcpScript.Play(packets), Rules, args);
        Assert.Equal(0, run.Exit);
        Assert.Equal(seen, string.Join(' ', run.Of("alert").Select(a => a.GetProperty("alert").GetProperty("signature").GetString()!).Order(StringComparer.Ordinal)));
        Assert.Equal(flows, string.Join(' ', run.Of("flow").Select(Told)));
    }

    private static string Told(JsonElement flow) =>
        (flow.GetProperty("tcp").TryGetProperty("state", out JsonElement state) ? state.GetString() : "none") + (flow.TryGetProperty("app_proto", out JsonElement protocol) ? "/" + protocol.GetString() : "")
        + (flow.GetProperty("src_ip").GetString() == TcpScript.Server ? "<" : "");

    private static readonly string Rules = string.Join('\n', Events.Split(' ').Select((name, i) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"alert tcp any any -> any any (msg:\"{name}\"; stream-event:{name}; sid:{i + 1};)"))) + """

        alert http any any -> any any (msg:"H:uri"; flow:established,to_server; http.uri; content:"/"; sid:900;)
        alert tcp any any -> any any (msg:"H:raw"; content:"EVIL"; sid:901;)
        alert tcp any any -> any any (msg:"H:est"; flow:established,to_server; content:"GET"; sid:902;)
        alert http any any -> any any (msg:"H:resp"; flow:to_client; http.stat_code; content:"200"; sid:903;)
        alert tcp any any -> any any (msg:"H:both"; flow:established; content:"AAAA"; content:"BBBB"; distance:0; sid:904;)
        """;

    private const string Events =
        "3whs_ack_in_wrong_dir 3whs_async_wrong_seq 3whs_right_seq_wrong_ack_evasion 3whs_synack_in_wrong_direction 3whs_synack_resend_with_different_ack 3whs_synack_resend_with_diff_seq " +
        "3whs_synack_toserver_on_syn_recv 3whs_synack_with_wrong_ack 3whs_synack_flood 3whs_syn_flood 3whs_syn_resend_diff_seq_on_syn_recv 3whs_syn_toclient_on_syn_recv 3whs_wrong_seq_wrong_ack " +
        "3whs_ack_data_inject 4whs_synack_with_wrong_ack 4whs_synack_with_wrong_syn 4whs_wrong_seq 4whs_invalid_ack closewait_ack_out_of_window closewait_fin_out_of_window " +
        "closewait_pkt_before_last_ack closewait_invalid_ack closing_ack_wrong_seq closing_invalid_ack est_packet_out_of_window est_pkt_before_last_ack est_synack_resend " +
        "est_synack_resend_with_different_ack est_synack_resend_with_diff_seq est_synack_toserver est_syn_resend est_syn_resend_diff_seq est_syn_toclient est_invalid_ack fin_invalid_ack " +
        "fin1_ack_wrong_seq fin1_fin_wrong_seq fin1_invalid_ack fin2_ack_wrong_seq fin2_fin_wrong_seq fin2_invalid_ack fin_but_no_session fin_syn fin_out_of_window lastack_ack_wrong_seq " +
        "lastack_invalid_ack rst_but_no_session timewait_ack_wrong_seq timewait_invalid_ack shutdown_syn_resend pkt_invalid_timestamp pkt_invalid_ack pkt_broken_ack rst_invalid_ack pkt_retransmission " +
        "pkt_bad_window_update suspected_rst_inject wrong_thread reassembly_no_segment reassembly_seq_gap reassembly_overlap_different_data pkt_spurious_retransmission";
}
