using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Sensing.Engine.Output;

internal static partial class StatsRecord
{
    /// <summary>Protocols whose counters are kept apart by transport, and those over UDP alone; all others run over TCP.</summary>
    private static readonly AppProto[] OverBoth = [AppProto.Dns, AppProto.Dcerpc, AppProto.Nfs, AppProto.Krb5, AppProto.Enip];

    private static readonly AppProto[] OverUdp = [AppProto.Ntp, AppProto.Tftp, AppProto.Ike, AppProto.Quic, AppProto.Dhcp, AppProto.Snmp, AppProto.Sip, AppProto.BittorrentDht];

    private static void AppLayer(EveWriter w, IReadOnlyList<WorkerCounters> workers, AppLayerOptions options)
    {
        w.Open("app_layer"u8);
        w.Open("flow"u8);
        Protocols(w, workers, options, c => c.App.FlowsTcp, c => c.App.FlowsUdp);
        w.Number("failed_tcp"u8, workers.Sum(c => c.App.FailedTcp));
        w.Number("failed_udp"u8, workers.Sum(c => c.App.FailedUdp));
        w.Close();
        w.Open("error"u8);
        foreach (AppProto protocol in Enabled(options))
        {
            int at = (int)protocol;
            bool both = OverBoth.Contains(protocol), udp = OverUdp.Contains(protocol);
            string name = AppProtoNames.Name(protocol);
            long Sum(Func<WorkerCounters, long[]> of) => workers.Sum(c => of(c)[at]);
            if (both || !udp) Error(w, both ? name + "_tcp" : name, Sum(c => c.App.Gaps), Sum(c => c.App.Errors), Sum(c => c.App.MemcapHits), Sum(c => c.App.Internal));
            if (both || udp) Error(w, both ? name + "_udp" : name, both ? -1 : Sum(c => c.App.Gaps), Sum(c => c.App.ErrorsUdp), both ? 0 : Sum(c => c.App.MemcapHits), both ? 0 : Sum(c => c.App.Internal));
        }
        w.Close();
        w.Open("tx"u8);
        Protocols(w, workers, options, c => c.App.Transactions, c => c.App.TransactionsUdp);
        w.Close();
        w.Number("too_many_transactions"u8, workers.Sum(c => c.App.TooManyTransactions));
        w.Number("memuse"u8, SlidingBuffer.HeldByAll);
        w.Close();
    }

    /// <summary>Why conversations were given up: lost bytes, what a parser could not read, no memory, a fault of the engine's own.</summary>
    private static void Error(EveWriter w, string name, long gap, long parser, long memory, long fault)
    {
        w.Open(Encoding.ASCII.GetBytes(name));
        if (gap >= 0) w.Number("gap"u8, gap);
        w.Number("alloc"u8, memory);
        w.Number("parser"u8, parser);
        w.Number("internal"u8, fault);
        w.Close();
    }

    private static IEnumerable<AppProto> Enabled(AppLayerOptions options) =>
        Enum.GetValues<AppProto>().Where(p => p is not (AppProto.Unknown or AppProto.Failed or AppProto.Http) && options.Enabled(AppProtoNames.Name(p)));

    private static void Protocols(EveWriter w, IReadOnlyList<WorkerCounters> workers, AppLayerOptions options, Func<WorkerCounters, long[]> tcp, Func<WorkerCounters, long[]> udp)
    {
        foreach (AppProto protocol in Enabled(options))
        {
            int at = (int)protocol;
            string name = AppProtoNames.Name(protocol);
            long t = workers.Sum(c => tcp(c)[at]), u = workers.Sum(c => udp(c)[at]);
            if (OverBoth.Contains(protocol))
            {
                w.Number(Encoding.ASCII.GetBytes(name + "_tcp"), t);
                w.Number(Encoding.ASCII.GetBytes(name + "_udp"), u);
            }
            else w.Number(Encoding.ASCII.GetBytes(name), t + u);
        }
    }

    private static void Memcap(EveWriter w, ReadOnlySpan<byte> name, IReadOnlyList<WorkerCounters> workers, Func<WorkerCounters, long> hits)
    {
        w.Open(name);
        // all protocols share one account
        w.Number("memuse"u8, SlidingBuffer.HeldByAll);
        w.Number("memcap"u8, workers.Sum(hits));
        w.Close();
    }

    /// <summary>The fullest of the memory limits, in percent.</summary>
    private static long Pressure(IReadOnlyList<WorkerCounters> workers, EngineSettings? settings)
    {
        if (settings == null || workers.Count == 0) return 0;
        static long Percent(long use, long cap) => cap <= 0 ? 0 : Math.Clamp(use * 100 / cap, 0, 100);
        return workers.Max(c => Math.Max(Math.Max(Percent(c.Flow.MemoryUse, settings.Flow.Memcap), Percent(c.Stream.SessionMemory, settings.Stream.Memcap)),
            Math.Max(Percent(c.Stream.ReassemblyMemory, settings.Stream.ReassemblyMemcap), Percent(SlidingBuffer.HeldByAll, settings.App.Memcap))));
    }

    /// <summary>The highest pressure that a record of these workers has told of.</summary>
    private static long Highest(IReadOnlyList<WorkerCounters> workers, long now) =>
        workers.Count == 0 ? now : workers[0].HighestPressure = Math.Max(workers[0].HighestPressure, now);

    /// <summary>What the engine itself failed at: absent while there was nothing.</summary>
    private static void Faults(EveWriter w, IReadOnlyList<WorkerCounters> workers)
    {
        long faults = workers.Sum(c => c.Faults);
        if (faults == 0) return;
        w.Open("engine"u8);
        w.Number("faults"u8, faults);
        w.Close();
    }
}
