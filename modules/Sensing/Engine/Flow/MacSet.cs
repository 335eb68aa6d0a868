namespace Appliance.Sensing.Engine.Flow;

/// <summary>The hardware addresses a flow was seen with, a few per side.</summary>
internal sealed class MacSet
{
    private const int Most = 10;
    private readonly List<ulong> _client = new(1);
    private readonly List<ulong> _server = new(1);

    public IReadOnlyList<ulong> Client => _client;
    public IReadOnlyList<ulong> Server => _server;

    public void Note(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, bool toServer)
    {
        Add(toServer ? _client : _server, source);
        Add(toServer ? _server : _client, destination);
    }

    private static void Add(List<ulong> to, ReadOnlySpan<byte> mac)
    {
        ulong value = 0;
        foreach (byte b in mac[..6]) value = value << 8 | b;
        if (to.Count < Most && !to.Contains(value)) to.Add(value);
    }
}
