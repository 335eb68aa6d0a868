using Appliance.Sensing.Engine.Flow;

namespace Appliance.Sensing.Engine.Runtime;

internal sealed partial class Worker
{
    private readonly uint[] _hashes = new uint[40];
    private int _hashCount;

    /// <summary>Is <see cref="Flows"/> asked for?</summary>
    public bool TellsFlows { get; set; }

    /// <summary>Hashes of the flows that the last packet and what it carried belong to.</summary>
    public ReadOnlySpan<uint> Flows => _hashes.AsSpan(0, _hashCount);

    private void NoteFlows()
    {
        _hashCount = 0;
        _hashes[_hashCount++] = FlowTable.HashFor(_packet);
        foreach (Decode.Packet inner in _decoder.Inner)
            if (_hashCount < _hashes.Length) _hashes[_hashCount++] = FlowTable.HashFor(inner);
    }

    /// <summary>Limits, records and suppressions change while running; what conversations under way are built on stays.</summary>
    private void Use(EngineSettings settings)
    {
        _settings = settings with { Stream = _settings.Stream, SimulateIps = _settings.SimulateIps };
        _flows.Use(settings.Flow);
        _tcp.UseMemcap(settings.Stream.Memcap);
        _tcp.Reassembly.UseMemcap(settings.Stream.ReassemblyMemcap);
        _decoder.UseMemcap(settings.Decode.DefragMemcap);
        _records.Use(settings.Eve);
    }
}
