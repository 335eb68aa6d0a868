using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Output;

internal sealed partial class EveRecords
{
    private void WriteTransaction(Transaction tx, Flow.Flow flow, bool inAlert) => tx.WriteRecord(_w, inAlert);

    private const byte Esp = 50;

    /// <summary>The record of a finished transaction.</summary>
    public void Transaction(Packet p, Flow.Flow flow, Transaction tx)
    {
        AppProto protocol = flow.App.Protocol == AppProto.Unknown ? flow.App.Original : flow.App.Protocol;
        if (!tx.HasRecord || !WantsType(protocol)) return;
        if (tx is AppLayer.Dns.DnsTransaction { IsAnswer: false } question)
        {
            for (int i = 0; i < question.Questions.Length; i++)
            {
                Header(p, flow, "dns"u8, true, true);
                _w.Open("dns"u8);
                _w.Number("version"u8, 2);
                question.WriteQuestion(_w, i);
                _w.Close();
                Send(EveStream.Events);
            }
            return;
        }
        bool late = tx.AnswerEndsIt && p.Source == PacketSource.StreamEnd;
        Header(p, flow, KindOf(protocol), tx.RecordFollowsFlow || late, tx.RecordToServer && !late);
        if (tx.RecordHasNumber) _w.Number("tx_id"u8, tx.Id);
        tx.WriteRecord(_w, false);
        Send(EveStream.Events);
    }

    private static readonly byte[][] KindNames = Enum.GetValues<AppProto>().Select(p => System.Text.Encoding.ASCII.GetBytes(AppProtoNames.Name(p).Replace('-', '_'))).ToArray();

    private static ReadOnlySpan<byte> KindOf(AppProto protocol) => protocol switch
    {
        AppProto.Http1 => "http"u8,
        AppProto.Dns => "dns"u8,
        AppProto.Tls => "tls"u8,
        AppProto.Smtp => "smtp"u8,
        AppProto.Ssh => "ssh"u8,
        AppProto.Ftp => "ftp"u8,
        AppProto.FtpData => "ftp_data"u8,
        AppProto.Smb => "smb"u8,
        AppProto.Dcerpc => "dcerpc"u8,
        AppProto.Http2 => "http"u8,
        _ => KindNames[(int)protocol],
    };

    public void File(Packet p, Flow.Flow flow, Transaction tx, AppFile file)
    {
        if (!options.Files || !options.Enabled) return;
        Header(p, flow, "fileinfo"u8, true, file.ToServer);
        // a data connection of FTP is its file
        if (flow.App.Protocol != AppProto.FtpData) tx.WriteRecord(_w, true);
        AppProtocol(flow, false);
        _w.Open("fileinfo"u8);
        FileObject(tx, file);
        _w.Close();
        Send(EveStream.Events);
    }

    private void FileObject(Transaction tx, AppFile file)
    {
        if (file.Name.Length > 0) _w.Text("filename"u8, file.Name);
        _w.Bool("gaps"u8, file.Gaps);
        _w.Text("state"u8, file.State switch { FileState.Closed => "CLOSED"u8, FileState.Truncated => "TRUNCATED"u8, FileState.Error => "ERROR"u8, _ => "UNKNOWN"u8 });
        if (options.ForceMagic && file.TryMagic(out ReadOnlySpan<byte> magic)) _w.Text("magic"u8, magic);
        if (file.Md5 != null) _w.Text("md5"u8, file.Md5);
        if (file.Sha1 != null) _w.Text("sha1"u8, file.Sha1);
        if (file.Sha256 != null) _w.Text("sha256"u8, file.Sha256);
        _w.Bool("stored"u8, file.Stored);
        if (file.Stored) _w.Number("file_id"u8, file.StoreId);
        _w.Number("size"u8, file.Size);
        if (file.Start >= 0)
        {
            _w.Number("start"u8, file.Start);
            _w.Number("end"u8, file.End);
        }
        _w.Number("tx_id"u8, tx.Id);
    }

    private void AlertFiles(Transaction tx, Flow.Flow flow)
    {
        _w.OpenArray("files"u8);
        foreach (AppFile file in tx.Files)
        {
            _w.OpenItem();
            FileObject(tx, file);
            _w.Close();
        }
        _w.CloseArray();
    }

    /// <summary>One record per direction, as NetFlow has it.</summary>
    private void Netflow(Flow.Flow flow, bool toServer, long now)
    {
        if (!toServer && flow.PacketsToClient == 0) return;
        _w.Begin();
        _w.Time("timestamp"u8, now);
        _w.Number("flow_id"u8, flow.Id);
        if (options.Interface != null) _w.Text("in_iface"u8, options.Interface);
        _w.Text("event_type"u8, "netflow"u8);
        Vlan(flow.VlanCount, flow.Vlan0, flow.Vlan1, flow.Vlan2);
        bool ports = flow.Protocol is 6 or 17 or 132;
        _w.Address("src_ip"u8, toServer ? flow.Client : flow.Server);
        if (ports) _w.Number("src_port"u8, toServer ? flow.ClientPort : flow.ServerPort);
        _w.Address("dest_ip"u8, toServer ? flow.Server : flow.Client);
        if (ports) _w.Number("dest_port"u8, toServer ? flow.ServerPort : flow.ClientPort);
        Protocol(flow.Protocol);
        if (flow.Protocol is 1 or 58)
        {
            _w.Number("icmp_type"u8, toServer || !flow.HasIcmpAnswer ? flow.ClientPort : flow.AnswerIcmpType);
            _w.Number("icmp_code"u8, toServer || !flow.HasIcmpAnswer ? flow.IcmpCode : flow.AnswerIcmpCode);
        }
        if (options.CommunityId) Community(flow);
        AppProtocol(flow);
        Variables(flow, null);
        if (flow.Macs is { } macs) MacSets(macs, toServer);
        _w.Open("netflow"u8);
        _w.Number("pkts"u8, toServer ? flow.PacketsToServer : flow.PacketsToClient);
        _w.Number("bytes"u8, toServer ? flow.BytesToServer : flow.BytesToClient);
        _w.Time("start"u8, flow.StartTime);
        _w.Time("end"u8, flow.LastTime);
        _w.Number("age"u8, Math.Max(0, flow.LastTime / 1_000_000 - flow.StartTime / 1_000_000));
        _w.Number("min_ttl"u8, toServer ? flow.MinTtlToServer : flow.MinTtlToClient);
        _w.Number("max_ttl"u8, toServer ? flow.MaxTtlToServer : flow.MaxTtlToClient);
        _w.Close();
        if (flow.Tcp is { } session)
        {
            byte flags = (toServer ? session.Client : session.Server).Flags;
            _w.Open("tcp"u8);
            _w.Hex("tcp_flags"u8, flags, 2);
            FlagNames(flags);
            _w.Close();
        }
        Send(EveStream.Events);
    }

    public void FlowEnded(Flow.Flow flow, FlowEnd why, long now)
    {
        if (options.Netflow && options.Enabled)
        {
            Netflow(flow, true, now);
            Netflow(flow, false, now);
        }
        if (!options.Flows || !options.Enabled) return;
        _w.Begin();
        _w.Time("timestamp"u8, now);
        _w.Number("flow_id"u8, flow.Id);
        if (options.Interface != null) _w.Text("in_iface"u8, options.Interface);
        _w.Text("event_type"u8, "flow"u8);
        Vlan(flow.VlanCount, flow.Vlan0, flow.Vlan1, flow.Vlan2);
        _w.Address("src_ip"u8, flow.Client);
        bool ports = flow.Protocol is 6 or 17 or 132;
        if (ports) _w.Number("src_port"u8, flow.ClientPort);
        _w.Address("dest_ip"u8, flow.Server);
        if (ports) _w.Number("dest_port"u8, flow.ServerPort);
        Protocol(flow.Protocol);
        if (flow.Protocol == Esp) _w.Number("spi"u8, (long)((uint)flow.ClientPort << 16 | flow.ServerPort));
        if (flow.Protocol is 1 or 58)
        {
            _w.Number("icmp_type"u8, flow.ClientPort);
            _w.Number("icmp_code"u8, flow.IcmpCode);
            if (flow.HasIcmpAnswer)
            {
                _w.Number("response_icmp_type"u8, flow.AnswerIcmpType);
                _w.Number("response_icmp_code"u8, flow.AnswerIcmpCode);
            }
        }
        if (options.CommunityId) Community(flow);
        AppProtocol(flow);
        if (flow.Macs is { } macs) MacSets(macs);
        _w.Open("flow"u8);
        _w.Number("pkts_toserver"u8, flow.PacketsToServer);
        _w.Number("pkts_toclient"u8, flow.PacketsToClient);
        _w.Number("bytes_toserver"u8, flow.BytesToServer);
        _w.Number("bytes_toclient"u8, flow.BytesToClient);
        _w.Time("start"u8, flow.StartTime);
        _w.Time("end"u8, flow.LastTime);
        _w.Number("age"u8, Math.Max(0, flow.LastTime / 1_000_000 - flow.StartTime / 1_000_000));
        _w.Text("state"u8, flow.State switch { FlowState.New => "new"u8, FlowState.Established => "established"u8, FlowState.Bypassed => "bypassed"u8, _ => "closed"u8 });
        _w.Text("reason"u8, why switch { FlowEnd.Timeout => "timeout"u8, FlowEnd.Forced => "forced"u8, FlowEnd.Reused => "tcp_reuse"u8, _ => "shutdown"u8 });
        _w.Bool("alerted"u8, flow.Alerted);
        if (flow.Dropped) _w.Text("action"u8, "drop"u8);
        else if (flow.Passed) _w.Text("action"u8, "pass"u8);
        _w.Close();
        Variables(flow, null);
        if (flow.Protocol == 6) Tcp(flow.Tcp);
        Send(EveStream.Events);
    }

    private void FlagNames(byte flags)
    {
        if ((flags & 2) != 0) _w.Bool("syn"u8, true);
        if ((flags & 1) != 0) _w.Bool("fin"u8, true);
        if ((flags & 4) != 0) _w.Bool("rst"u8, true);
        if ((flags & 8) != 0) _w.Bool("psh"u8, true);
        if ((flags & 16) != 0) _w.Bool("ack"u8, true);
        if ((flags & 32) != 0) _w.Bool("urg"u8, true);
        if ((flags & 64) != 0) _w.Bool("ecn"u8, true);
        if ((flags & 128) != 0) _w.Bool("cwr"u8, true);
    }

    private void Tcp(TcpSession? session)
    {
        _w.Open("tcp"u8);
        if (session == null)
        {
            // what belongs to no session leaves no flags behind
            _w.Hex("tcp_flags"u8, 0, 2);
            _w.Hex("tcp_flags_ts"u8, 0, 2);
            _w.Hex("tcp_flags_tc"u8, 0, 2);
            _w.Close();
            return;
        }
        byte both = (byte)(session.Client.Flags | session.Server.Flags);
        _w.Hex("tcp_flags"u8, both, 2);
        _w.Hex("tcp_flags_ts"u8, session.Client.Flags, 2);
        _w.Hex("tcp_flags_tc"u8, session.Server.Flags, 2);
        FlagNames(both);
        _w.Text("state"u8, StateName(session.State));
        if (session.Client.GapSeen) _w.Bool("ts_gap"u8, true);
        if (session.Server.GapSeen) _w.Bool("tc_gap"u8, true);
        _w.Number("ts_max_regions"u8, session.Client.MaxRegions);
        _w.Number("tc_max_regions"u8, session.Server.MaxRegions);
        _w.Close();
    }

    private static ReadOnlySpan<byte> StateName(TcpState state) => state switch
    {
        TcpState.SynSent => "syn_sent"u8,
        TcpState.SynRecv => "syn_recv"u8,
        TcpState.Established => "established"u8,
        TcpState.FinWait1 => "fin_wait1"u8,
        TcpState.FinWait2 => "fin_wait2"u8,
        TcpState.TimeWait => "time_wait"u8,
        TcpState.LastAck => "last_ack"u8,
        TcpState.CloseWait => "close_wait"u8,
        TcpState.Closing => "closing"u8,
        TcpState.Closed => "closed"u8,
        _ => "none"u8,
    };
}
