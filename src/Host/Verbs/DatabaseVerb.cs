using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Verbs;

/// <summary>The private database server by itself: for a look with psql, for backup, and for the tests.</summary>
internal sealed class DatabaseVerb : IVerb
{
    public string Name => "database";

    public string Summary => "the private database server: start|stop|status [--data DIRECTORY]";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var words = input.Arguments;
        var at = words.ToList().IndexOf("--data");
        var place = at >= 0 && at + 1 < words.Count ? words[at + 1] : Environment.GetEnvironmentVariable("CIRT_DATA") ?? "var";
        // A server for tests stands alone; the appliance's lies beside the rest of its data.
        var throwAway = words.Contains("--throw-away");
        var cluster = PrivateCluster.At(throwAway ? place : Path.Combine(place, "database"), throwAway ? ClusterUse.ThrowAway : ClusterUse.Kept);
        switch (words.FirstOrDefault())
        {
            case "start":
                await io.Out.WriteLineAsync(await cluster.StartAsync(cancel));
                return 0;
            case "stop" when throwAway:
                cluster.Discard();
                return 0;
            case "stop":
                await cluster.StopAsync(cancel);
                return 0;
            case "status":
                await io.Out.WriteLineAsync(Describe(cluster));
                return cluster.State().Process is null ? 3 : 0;
            default:
                throw new OperatorFault("It is not said what to do with the database server.", "'cirt database' takes start, stop or status first.", "For example: cirt database status --data var");
        }
    }

    private static string Describe(PrivateCluster cluster) => cluster.State() switch
    {
        { Created: false } => $"not created yet: {cluster.Folder}",
        { Process: null } state => $"stopped: PostgreSQL {state.Major} in {cluster.Folder}",
        var state => $"running: PostgreSQL {state.Major}, process {state.Process}, in {cluster.Folder}",
    };
}
