using Appliance.Kernel.Data;

namespace Appliance.Sensing.Rules;

/// <summary>
/// The wish for a new generation is a number in the database, raised in the transaction of whatever changed rules or settings.
/// A worker fulfils it: no file is touched inside a transaction.
/// </summary>
internal static class Generations
{
    private const string Want =
        "update sensing.settings set value = to_jsonb((value #>> '{}')::bigint + 1) where key = 'wanted_generation'";

    public static Task WantAsync(Work work, CancellationToken cancel) => work.ExecuteAsync(Want, null, cancel);
}
