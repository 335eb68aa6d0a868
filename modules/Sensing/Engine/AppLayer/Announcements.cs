using System.Diagnostics.CodeAnalysis;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>Connections that a control channel has announced, by the address and port they will go to. Safe from several workers, and free of cost while there are none.</summary>
internal sealed class Announcements
{
    private const int Most = 4096;
    private const long LifeMicros = 30_000_000;
    private readonly Dictionary<(IpAddress, ushort), (AppProto Protocol, object What, long Time)> _expected = [];
    private readonly Lock _gate = new();
    private volatile int _count;

    public void Add(IpAddress server, ushort port, AppProto protocol, object what, long time)
    {
        lock (_gate)
        {
            if (_expected.Count >= Most) _expected.Clear();
            _expected[(server, port)] = (protocol, what, time);
            _count = _expected.Count;
        }
    }

    /// <summary>Takes the announcement of a connection to this address and port out; false when there is none, or it is too old.</summary>
    public bool TryTake(IpAddress server, ushort port, long now, out AppProto protocol, [NotNullWhen(true)] out object? what)
    {
        protocol = AppProto.Unknown;
        what = null;
        if (_count == 0) return false;
        lock (_gate)
        {
            if (!_expected.Remove((server, port), out var found)) return false;
            _count = _expected.Count;
            if (now - found.Time > LifeMicros) return false;
            (protocol, what) = (found.Protocol, found.What);
            return true;
        }
    }
}
