using Appliance.Bench;
using Appliance.Bench.Desk;
using Appliance.Bench.Tickets;

// Each bench measures the published program, prints a table, and judges nothing: figures belong to a machine.
(string Name, string What, Func<BenchOptions, Task> Run)[] benches =
[
    ("start", "warm start of the host, and idle memory of host, sensor and PostgreSQL", StartBench.RunAsync),
    ("intake", "EVE records a second from the spool into PostgreSQL, indexes live", IntakeBench.RunAsync),
    ("load", "a steady rate of records for some minutes, and the inbox meanwhile", LoadBench.RunAsync),
    ("storm", "one signature's 400,000 alerts an hour on top of what else comes, and the inbox meanwhile", LoadBench.StormAsync),
    ("events", "searches over millions of records on disk, and whether a partial answer comes within its time", EventsBench.RunAsync),
    ("outbox", "from the commit of a fact to its delivery, on an idle host", OutboxBench.RunAsync),
    ("console", "inbox, tickets, keys, an act on all that match, and thirty people, over a year's alerts and incidents", ConsoleBench.RunAsync),
    ("tickets", "queue, counts, words, traces, bulk acts, merge and mail over --incidents tickets with --records messages and observables", TicketBench.RunAsync),
    ("reports", "a month's report over a year's alerts and incidents, and each of its sections", ReportBench.RunAsync),
    ("sensor", "the packet engine beside a Suricata: load, busy time, memory", SensorBench.RunAsync),
    ("agreement", "the kit's cases, and the packet engine's records beside a Suricata's over the kit's captures", AgreementBench.RunAsync),
];

if (!BenchOptions.TryRead(args, out var options, out var fault))
{
    Console.Error.WriteLine($"bench: {fault}\n  Benches: {string.Join(", ", benches.Select(b => "--" + b.Name))}; none named runs all.");
    return 2;
}

var unknown = options.Names.Except(benches.Select(b => b.Name)).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"bench: There is no bench called {string.Join(", ", unknown)}.\n  Benches: {string.Join(", ", benches.Select(b => $"--{b.Name} ({b.What})"))}.");
    return 2;
}

foreach (var bench in benches.Where(b => options.Names.Count == 0 || options.Names.Contains(b.Name)))
{
    Console.WriteLine($"\n{bench.Name}: {bench.What}");
    await bench.Run(options);
}

return 0;
