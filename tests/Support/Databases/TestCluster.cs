using System.Diagnostics;
using System.Globalization;
using Appliance.Kernel.Data;

namespace Appliance.Tests;

/// <summary>
/// The PostgreSQL server of this test run. <c>./build.sh test</c> starts one for all test projects and names it in <c>CIRT_TEST_CLUSTER</c>;
/// a project run by itself starts its own and deletes it when the process ends.
/// </summary>
public static class TestCluster
{
    /// <summary>Holds the connection string of a superuser to the database <c>postgres</c>.</summary>
    public const string Variable = "CIRT_TEST_CLUSTER";

    private const string Prefix = "cirt-test-";

    private static readonly Lazy<Task<string>> s_address = new(FindAsync);

    /// <summary>Connection string of a superuser. Starts the server at the first call.</summary>
    public static Task<string> AddressAsync() => s_address.Value;

    /// <summary>Starts a server for one run in a fresh directory that names its owner, and deletes those whose owner died.</summary>
    public static async Task<(PrivateCluster Cluster, string Address)> StartAsync()
    {
        Sweep();
        var self = Process.GetCurrentProcess();
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Stamp(self)}"));
        var cluster = PrivateCluster.At(folder, ClusterUse.ThrowAway);
        return (cluster, await cluster.StartAsync());
    }

    private static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return given;

        var (cluster, address) = await StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Npgsql.NpgsqlConnection.ClearAllPools();
            cluster.Discard();
        };
        return address;
    }

    /// <summary>A run that was killed leaves its server behind; the next run ends it.</summary>
    private static void Sweep()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var words = Path.GetFileName(folder)[Prefix.Length..].Split('-');
            if (words.Length == 2 && int.TryParse(words[0], CultureInfo.InvariantCulture, out var owner) && !Lives(owner, words[1]))
                PrivateCluster.At(folder, ClusterUse.ThrowAway).Discard();
        }
    }

    private static bool Lives(int id, string stamp)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return Stamp(process) == stamp;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Start time, so that a process number used again is not taken for the owner.</summary>
    private static string Stamp(Process process) =>
        new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
