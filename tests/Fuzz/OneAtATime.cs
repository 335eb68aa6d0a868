using Xunit;

namespace Appliance.Fuzz;

/// <summary>Time and memory are judged per process: two campaigns at once would judge each other.</summary>
[CollectionDefinition("one at a time", DisableParallelization = true)]
public sealed class OneAtATime;
