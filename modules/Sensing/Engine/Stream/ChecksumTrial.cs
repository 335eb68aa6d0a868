using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

/// <summary>
/// Decides from which packet on checksums are taken for right: network cards that work them out later leave wrong ones in captures, so a file of which more than a tenth of the first thousand packets
/// show wrong ones is believed from there on. Used where packets are decoded, by one thread.
/// </summary>
internal sealed class ChecksumTrial(StreamOptions options)
{
    private const int Length = 1000;
    private bool _open = options.ChecksumsByTrial && options.ChecksumValidation, _unread = options.ChecksumsUnread;
    private int _wrong;

    public void Judge(Packet root, List<Packet> inner)
    {
        if (_open) Try(root);
        if (!_unread) return;
        root.Marks |= PacketMarks.ChecksumUnread;
        foreach (Packet p in inner) p.Marks |= PacketMarks.ChecksumUnread;
    }

    private void Try(Packet root)
    {
        if (root.Number >= Length)
        {
            _open = false;
            _unread = _wrong > Length / 10;
        }
        else if (root.IsTcp && !Decoder.ChecksumHolds(root)) _wrong++;
    }
}
