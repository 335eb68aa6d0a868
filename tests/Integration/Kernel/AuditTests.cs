using Appliance.Contracts;
using Appliance.Kernel.Audit;
using Appliance.Tests;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class AuditTests : IAsyncLifetime
{
    private TestModules _modules = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _modules = await TestModules.StartAsync([new ProbeModule()]);

    public ValueTask DisposeAsync() => _modules.DisposeAsync();

    [Theory]
    [InlineData("update audit.entries set detail = '{\"x\":1}' where id = @id", "was changed")]
    [InlineData("update audit.entries set actor_name = 'someone else' where id = @id", "was changed")]
    [InlineData("update audit.entries set at = at + interval '1 second' where id = @id", "was changed")]
    [InlineData("update audit.entries set subject = 'thing/other' where id = @id", "was changed")]
    [InlineData("alter table audit.seals drop constraint seals_entry_id_fkey; delete from audit.entries where id = @id", "is missing")]
    [InlineData("delete from audit.seals where entry_id = @id", "is missing")]
    [InlineData("update audit.seals set hash = decode(repeat('00', 32), 'hex') where entry_id = @id", "was changed")]
    [InlineData("with a as (select entry_id, seq from audit.seals where seq in (3, 4)) update audit.seals s set seq = 7 - s.seq + 100 from a where a.entry_id = s.entry_id; update audit.seals set seq = seq - 100 where seq > 100", "was changed")]
    public async Task Change_behind_the_back_is_found(string tampering, string found)
    {
        await WriteAsync(6);
        Assert.Equal((true, 6L), Short(await VerifyAsync()));
        await using (var connection = new NpgsqlConnection(_modules.Owner))
            await connection.ExecuteAsync(tampering, new { id = await connection.ExecuteScalarAsync<Guid>("select entry_id from audit.seals where seq = 3") });
        var state = await VerifyAsync();
        Assert.False(state.Holds);
        Assert.Equal(2, state.Length);
        Assert.Contains(found, state.Break!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hundred_changes_of_the_stored_trail_are_found_each_at_its_row()
    {
        const int Entries = 40;
        await WriteAsync(Entries);
        var head = (await VerifyAsync()).Head;
        await using var connection = new NpgsqlConnection(_modules.Owner);
        await connection.ExecuteAsync("alter table audit.seals drop constraint seals_entry_id_fkey; create table audit.entries_kept as table audit.entries; create table audit.seals_kept as table audit.seals");
        var random = new Random(7);
        for (var change = 0; change < 100; change++)
        {
            var tampering = s_tamperings[change % s_tamperings.Length];
            var seq = random.Next(1, Entries);
            var id = await connection.ExecuteScalarAsync<Guid>("select entry_id from audit.seals where seq = @seq", new { seq });
            Assert.NotEqual(0, await connection.ExecuteAsync(tampering, new { id, seq, value = $"x{change}" }));
            var state = await _modules.Services.GetRequiredService<AuditChain>().VerifyAsync(Cancel, head);
            Assert.False(state.Holds, $"{tampering} at {seq} was not found");
            Assert.Equal(seq - 1, state.Length);
            Assert.Contains(seq.ToString(System.Globalization.CultureInfo.InvariantCulture), state.Break!, StringComparison.Ordinal);
            await connection.ExecuteAsync("truncate audit.seals, audit.entries; insert into audit.entries select * from audit.entries_kept; insert into audit.seals select * from audit.seals_kept");
        }
        Assert.Equal((true, (long)Entries), Short(await VerifyAsync()));

        await connection.ExecuteAsync("delete from audit.seals where seq = @Entries; delete from audit.entries where id not in (select entry_id from audit.seals)", new { Entries });
        Assert.True((await VerifyAsync()).Holds);
        var cut = await _modules.Services.GetRequiredService<AuditChain>().VerifyAsync(Cancel, head);
        Assert.False(cut.Holds);
        Assert.Contains("cut off", cut.Break!, StringComparison.Ordinal);
    }

    private static readonly string[] s_tamperings =
    [
        "update audit.entries set detail = jsonb_build_object('x', @value) where id = @id",
        "update audit.entries set actor_name = @value where id = @id",
        "update audit.entries set actor_id = gen_random_uuid() where id = @id",
        "update audit.entries set action = action || @value where id = @id",
        "update audit.entries set subject = @value where id = @id",
        "update audit.entries set at = at - interval '1 microsecond' where id = @id",
        "delete from audit.entries where id = @id",
        "delete from audit.seals where seq = @seq",
        "with s as (delete from audit.seals where seq = @seq returning entry_id) delete from audit.entries e using s where e.id = s.entry_id",
        "update audit.seals set hash = sha256(hash) where seq = @seq",
        // Two neighbours change places, with and without their hashes.
        "update audit.seals s set entry_id = gen_random_uuid() where seq = @seq + 1; update audit.seals s set entry_id = k.entry_id from audit.seals_kept k where s.seq = @seq and k.seq = @seq + 1; update audit.seals s set entry_id = k.entry_id from audit.seals_kept k where s.seq = @seq + 1 and k.seq = @seq",
        "update audit.seals set seq = seq + 1000 where seq in (@seq, @seq + 1); update audit.seals set seq = 2 * @seq + 1001 - seq where seq > 1000",
    ];

    [Fact]
    public async Task Cut_tail_shows_against_an_exported_head()
    {
        await WriteAsync(4);
        var head = (await VerifyAsync()).Head;
        await using (var connection = new NpgsqlConnection(_modules.Owner))
            await connection.ExecuteAsync("delete from audit.seals where seq = 4");
        Assert.NotEqual(head, (await VerifyAsync()).Head);
    }

    [Theory]
    [InlineData("update audit.entries set action = 'x'")]
    [InlineData("delete from audit.entries")]
    [InlineData("truncate audit.entries cascade")]
    [InlineData("update audit.seals set seq = seq + 1")]
    [InlineData("delete from audit.seals")]
    [InlineData("alter table audit.entries disable trigger all")]
    [InlineData("drop table audit.seals")]
    public async Task Application_role_can_only_add(string sql)
    {
        await WriteAsync(1);
        var fault = await Assert.ThrowsAsync<PostgresException>(() => _modules.Database.ExecuteAsync(sql, null, Cancel));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, fault.SqlState);
    }

    [Fact]
    public async Task Two_sealers_make_one_chain()
    {
        await WriteAsync(40, seal: false);
        var sealer = _modules.Services.GetRequiredService<AuditSealer>();
        var counts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => sealer.SealBatchAsync(Cancel)));
        Assert.Equal(40, counts.Sum());
        Assert.Equal((true, 40L), Short(await VerifyAsync()));
    }

    [Fact]
    public async Task Trail_is_read_page_by_page_without_gap_or_repeat()
    {
        await WriteAsync(25);
        var auditor = _modules.Person("Aud", Role.Auditor);
        var read = _modules.Services.GetRequiredService<ReadAudit>();
        var (seen, after) = (new List<Guid>(), (string?)null);
        do
        {
            var page = (await read.RunAsync(auditor, new(Action: "probe.", After: after, Limit: 10), Cancel)).Value;
            seen.AddRange(page.Items.Select(i => i.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(25, seen.Count);
        Assert.Equal(25, seen.Distinct().Count());
        Assert.Equal(RefusalKind.Forbidden, (await read.RunAsync(_modules.Person("Ana", Role.Analyst), new(), Cancel)).Refusals[0].Kind);
    }

    private static (bool, long) Short(ChainState state) => (state.Holds, state.Length);

    private Task<ChainState> VerifyAsync() => _modules.Services.GetRequiredService<AuditChain>().VerifyAsync(Cancel);

    private async Task WriteAsync(int count, bool seal = true)
    {
        for (var i = 0; i < count; i++)
        {
            await using var work = await _modules.Database.BeginAsync(Viewer.System("probe"), Cancel);
            work.Audit("probe.thing.noted", $"thing/{i}", new { i });
            await work.CommitAsync(Cancel);
        }
        if (seal)
            await _modules.Services.GetRequiredService<AuditSealer>().SealBatchAsync(Cancel);
    }
}
