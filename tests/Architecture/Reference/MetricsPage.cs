using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Appliance.Architecture.Reference;

/// <summary>The instruments of our own meters: found by waking every type that makes one.</summary>
internal static class MetricsPage
{
    public static string Write(string head)
    {
        List<Instrument> found = [];
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => found.Add(instrument) };
        listener.Start();
        foreach (var type in Product.Assemblies.SelectMany(a => a.GetTypes()).Where(HasInstruments))
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);

        var page = new StringBuilder(head).Append("# Metrics\n\nAt `/metrics` in Prometheus text, for whoever holds `kernel.metrics.read`: dots become underscores, counters end in `_total`, units are spelt out. Beside these stand the\nrequests, connections and garbage collector of the framework.\n\n| instrument | kind | unit | meaning |\n|---|---|---|---|\n");
        foreach (var instrument in found.Where(i => i.Name.StartsWith("cirt.", StringComparison.Ordinal)).DistinctBy(i => i.Name).OrderBy(i => i.Name, StringComparer.Ordinal))
            page.Append(CultureInfo.InvariantCulture, $"| `{instrument.Name}` | {instrument.GetType().Name.Split('`')[0].ToLowerInvariant()} | {instrument.Unit} | {instrument.Description} |\n");
        return page.ToString();
    }

    private static bool HasInstruments(Type type) =>
        !type.ContainsGenericParameters && type.GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public).Any(f => f.FieldType.IsAssignableTo(typeof(Instrument)));
}
