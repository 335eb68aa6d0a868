using Appliance.Contracts;

namespace Appliance.Kernel.Alarms;

/// <summary>Where watches raise and end alarms. Thread-safe.</summary>
public sealed class AlarmBoard(TimeProvider time) : IAlarms
{
    private readonly Lock _gate = new();
    private volatile IReadOnlyList<Alarm> _current = [];

    /// <inheritdoc/>
    public event Action Changed = () => { };

    /// <inheritdoc/>
    public IReadOnlyList<Alarm> Current => _current;

    /// <summary>Raises the alarm, or changes what it says; it keeps the time it began.</summary>
    public void Raise(string id, params IReadOnlyList<object> arguments)
    {
        lock (_gate)
        {
            var known = _current.FirstOrDefault(a => a.Id == id);
            if (known is not null && known.Arguments.SequenceEqual(arguments))
                return;
            var alarm = new Alarm(id, known?.Since ?? time.GetUtcNow(), arguments);
            _current = known is null ? [.. _current, alarm] : [.. _current.Select(a => a.Id == id ? alarm : a)];
        }

        Changed();
    }

    /// <summary>Ends the alarm, if it is in force.</summary>
    public void End(string id)
    {
        lock (_gate)
        {
            if (_current.All(a => a.Id != id))
                return;
            _current = [.. _current.Where(a => a.Id != id)];
        }

        Changed();
    }
}
