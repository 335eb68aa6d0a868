using Appliance.Kernel.Data;
using Dapper;

namespace Appliance.Kernel.Audit;

/// <summary>Recomputes the hash chain of the audit trail.</summary>
public sealed class AuditChain(Database database, TimeProvider time)
{
    private const string Sealed =
        """
        select s.seq, s.hash, s.entry_id, e.id, e.at, e.actor_id, e.actor_name, e.action, e.subject, e.detail::text as detail
        from audit.seals s
        left join audit.entries e on e.id = s.entry_id
        where s.seq > @After
        order by s.seq
        limit 2000
        """;

    private const string Unsealed = "select count(*) from audit.entries e where e.at < @Before and not exists (select 1 from audit.seals s where s.entry_id = e.id)";

    /// <summary>An entry is sealed within a second; one that is not after this long lost its seal.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Walks the whole chain. Answers the first break with the row it lies at, or the head when it holds.</summary>
    /// <param name="cancel">Ends it.</param>
    /// <param name="head">A head written down earlier: the chain must still contain it, else its end was cut off or all of it was made anew.</param>
    public async Task<ChainState> VerifyAsync(CancellationToken cancel, string? head = null)
    {
        var (seq, hash, met) = (0L, new byte[32], head is null);
        while (true)
        {
            var rows = await database.QueryAsync<ChainRow>(Sealed, new { After = seq }, cancel, seconds: 120);
            foreach (var row in rows)
            {
                if (row.Seq != seq + 1)
                    return Broken(seq, $"seal {seq + 1} is missing; the next is seal {row.Seq} of entry {row.EntryId}", hash);
                if (row.Id is not { } id)
                    return Broken(seq, $"the entry of seal {row.Seq} is missing: {row.EntryId}", hash);
                hash = AuditSealer.Hash(hash, new(id, row.At!.Value, row.ActorId!.Value, row.ActorName!, row.Action!, row.Subject!, row.Detail!));
                if (!hash.AsSpan().SequenceEqual(row.Hash))
                    return Broken(seq, $"the entry of seal {row.Seq} was changed: {id}, {row.Action} about {row.Subject} at {row.At.Value.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", row.Hash);
                met |= head is not null && Convert.ToHexStringLower(hash) == head;
                seq = row.Seq;
            }
            if (rows.Count == 2000)
                continue;
            if (!met)
                return Broken(seq, $"the head {head} is not in the chain: its end was cut off, or all of it was made anew", hash);
            var unsealed = await database.FindAsync<long>(Unsealed, new { Before = time.GetUtcNow() - s_patience }, cancel);
            return unsealed > 0 ? Broken(seq, $"{unsealed} older entries have no seal", hash) : new(true, seq, null, Convert.ToHexStringLower(hash));
        }
    }

    private static ChainState Broken(long length, string what, byte[] hash) => new(false, length, what, Convert.ToHexStringLower(hash));

    private sealed class ChainRow
    {
        public long Seq { get; set; }

        public byte[] Hash { get; set; } = [];

        public Guid EntryId { get; set; }

        public Guid? Id { get; set; }

        public DateTimeOffset? At { get; set; }

        public Guid? ActorId { get; set; }

        public string? ActorName { get; set; }

        public string? Action { get; set; }

        public string? Subject { get; set; }

        public string? Detail { get; set; }
    }
}

/// <summary>Result of a walk along the chain.</summary>
/// <param name="Holds">True when every seal matches its entry.</param>
/// <param name="Length">Seals that hold.</param>
/// <param name="Break">What is wrong with the next one.</param>
/// <param name="Head">Hash of the last seal, lower-case hex.</param>
public sealed record ChainState(bool Holds, long Length, string? Break, string Head);
