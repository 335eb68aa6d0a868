using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Http;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Rules;

/// <summary>Fetches the sources that are due, and takes the bundled rules when the product brought new ones.</summary>
internal sealed class RuleFetcher(Database database, OutgoingHttp http, RuleChecker checker, TimeProvider time, ILogger<RuleFetcher> log)
{
    private const long DownloadLimit = 64L << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private const string Due =
        """
        select id, name, url, checksum from sensing.rule_sources
        where kind = 'url' and enabled
          and (wanted_at is not null or checked_at is null or checked_at < @now - every_hours * interval '1 hour' or last_error is not null and checked_at < @now - interval '1 hour')
        order by wanted_at nulls last
        limit 1
        """;

    private const string Failed =
        "update sensing.rule_sources set checked_at = @now, wanted_at = null, last_error = @reason where id = @id";

    private const string Same =
        "update sensing.rule_sources set checked_at = @now, wanted_at = null, last_error = null where id = @id";

    private const string BundledSource = "select id, name, url, checksum from sensing.rule_sources where kind = 'bundled'";

    /// <summary>Fetches one due source; true when there was one.</summary>
    public async Task<bool> FetchAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (await database.FindAsync<DueRow>(Due, new { now }, cancel) is not { } source)
            return false;
        try
        {
            var address = new Uri(source.Url!);
            var content = await http.ReadAsync(address, new OutgoingLimits(DownloadLimit, s_patience), cancel);
            var read = RuleArchive.Read(Path.GetFileName(address.AbsolutePath), content);
            if (read.TryGet(out var files))
                await TakeAsync(source, files, cancel);
            else
                await FailAsync(source, string.Join("; ", read.Refusals[0].Arguments), cancel);
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or IOException or UriFormatException)
        {
            await FailAsync(source, fault.Message, cancel);
        }
        return true;
    }

    /// <summary>Takes the rules that came with the product, when they are not the ones already taken.</summary>
    public async Task TakeBundledAsync(CancellationToken cancel)
    {
        var files = Samples.Rules();
        if (files.Count > 0 && await database.FindAsync<DueRow>(BundledSource, null, cancel) is { } source)
            await TakeAsync(source, files, cancel);
    }

    private async Task TakeAsync(DueRow source, IReadOnlyList<RuleFile> files, CancellationToken cancel)
    {
        if (RuleStore.ChecksumOf(files) == source.Checksum)
        {
            await database.ExecuteAsync(Same, new { id = source.Id, now = time.GetUtcNow() }, cancel);
            return;
        }
        await using var work = await database.BeginAsync(Viewer.System("sensing"), cancel);
        var (rules, wrong) = await RuleStore.ReplaceAsync(work, source.Id, files, checker, cancel);
        work.Audit("sensing.rule-source.updated", $"rule-source/{source.Id}", new { source.Name, rules, wrong });
        await work.CommitAsync(cancel);
        Log.SourceTaken(log, source.Name, rules, wrong);
    }

    private async Task FailAsync(DueRow source, string reason, CancellationToken cancel)
    {
        Log.SourceFailed(log, source.Name, reason);
        await database.ExecuteAsync(Failed, new { id = source.Id, now = time.GetUtcNow(), reason = reason.Length <= 500 ? reason : reason[..500] }, cancel);
    }

    private sealed class DueRow
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string? Url { get; init; }
        public string? Checksum { get; init; }
    }
}
