using System.Collections.Concurrent;

namespace Appliance.Sensing.Intake;

/// <summary>Replay jobs that belong to an exercise: their alerts form groups of their own and never leave as live ones.</summary>
internal sealed class Exercises
{
    private readonly ConcurrentDictionary<string, bool> _jobs = new(StringComparer.Ordinal);

    public void Add(Guid job) => _jobs[job.ToString()] = true;

    public bool Contains(string job) => _jobs.ContainsKey(job);
}
