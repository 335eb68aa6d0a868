namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>What the parsers met, by protocol.</summary>
internal sealed class AppLayerCounters
{
    public readonly long[] FlowsTcp = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] FlowsUdp = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] Transactions = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] TransactionsUdp = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] Errors = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] ErrorsUdp = new long[(int)AppProto.BittorrentDht + 1];

    /// <summary>Conversations given up because bytes were lost.</summary>
    public readonly long[] Gaps = new long[(int)AppProto.BittorrentDht + 1];

    /// <summary>Conversations given up because all of them together held too much memory, by protocol.</summary>
    public readonly long[] MemcapHits = new long[(int)AppProto.BittorrentDht + 1];

    /// <summary>Conversations given up because the engine itself failed at them.</summary>
    public readonly long[] Internal = new long[(int)AppProto.BittorrentDht + 1];

    public long FailedTcp, FailedUdp, ParserErrors, TooManyTransactions;
}
