using Appliance.Kernel.Data;
using Dapper;

namespace Appliance.Kernel.Audit;

/// <summary>Recomputes the hash chain of the audit trail.</summary>
public sealed class AuditChain(Database database)
{
    private const string Sealed =
        """
        select s.seq, s.hash, e.id, e.at, e.actor_id, e.actor_name, e.action, e.subject, e.detail::text as detail
        from audit.seals s
        left join audit.entries e on e.id = s.entry_id
        where s.seq > @After
        order by s.seq
        limit 2000
        """;

    /// <summary>Walks the whole chain. Answers the first break, or the head when it holds.</summary>
    public async Task<ChainState> VerifyAsync(CancellationToken cancel)
    {
        var (seq, hash) = (0L, new byte[32]);
        while (true)
        {
            var rows = await database.QueryAsync<ChainRow>(Sealed, new { After = seq }, cancel, seconds: 120);
            foreach (var row in rows)
            {
                if (row.Seq != seq + 1)
                    return new(false, seq, $"seal {seq + 1} is missing", Convert.ToHexStringLower(hash));
                if (row.Id is not { } id)
                    return new(false, seq, $"the entry of seal {row.Seq} is missing", Convert.ToHexStringLower(hash));
                hash = AuditSealer.Hash(hash, new(id, row.At!.Value, row.ActorId!.Value, row.ActorName!, row.Action!, row.Subject!, row.Detail!));
                if (!hash.AsSpan().SequenceEqual(row.Hash))
                    return new(false, seq, $"the entry of seal {row.Seq} was changed", Convert.ToHexStringLower(row.Hash));
                seq = row.Seq;
            }
            if (rows.Count < 2000)
                return new(true, seq, null, Convert.ToHexStringLower(hash));
        }
    }

    private sealed class ChainRow
    {
        public long Seq { get; set; }

        public byte[] Hash { get; set; } = [];

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
