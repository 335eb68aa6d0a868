using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Audit;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>One act: one transaction that holds the change, its audit rows and its events. Not thread-safe.</summary>
public sealed class Work : IAsyncDisposable
{
    private readonly NpgsqlTransaction _transaction;
    private readonly List<AuditRow> _audit = [];
    private readonly List<EventRecord> _events = [];
    private readonly List<Func<Task>> _after = [];
    private readonly ModuleSet? _modules;
    private readonly bool _owns;

    internal Work(NpgsqlConnection connection, NpgsqlTransaction transaction, Viewer viewer, DateTimeOffset now, ModuleSet? modules, bool owns = true)
    {
        (Connection, _transaction, Viewer, Now) = (connection, transaction, viewer, now);
        (_modules, _owns) = (modules, owns);
    }

    /// <summary>The connection inside the transaction; commands on it take part.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>Who acts.</summary>
    public Viewer Viewer { get; }

    /// <summary>One time for the whole act, UTC.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>True once anything was noted for the audit trail.</summary>
    public bool HasAudit => _audit.Count > 0;

    /// <summary>Notes the change for the audit trail, in this transaction.</summary>
    /// <param name="action"><c>module.noun.verb-past</c>, for example <c>ticketing.incident.opened</c>.</param>
    /// <param name="subject">What was changed: <c>incident/…</c>.</param>
    /// <param name="detail">Facts of the change as JSON; no secrets, no text above the reader's clearance.</param>
    public void Audit(string action, string subject, object? detail = null) =>
        _audit.Add(new(Guid.CreateVersion7(), Now, Viewer.Id.Value, Viewer.Name, action, subject, detail is null ? "{}" : JsonSerializer.Serialize(detail, OutboxJson.Options)));

    /// <summary>Publishes a fact with the change; delivered after commit, at least once, in order per aggregate.</summary>
    public void Publish(EventRecord fact) => _events.Add(fact with { OccurredAt = fact.OccurredAt == default ? Now : fact.OccurredAt });

    /// <summary>Does something in memory once the change is stored; nothing where it is rolled back. Must not fail. Not in event handlers, whose commit is the dispatcher's.</summary>
    internal void AfterCommit(Action act) => AfterCommit(() =>
    {
        act();
        return Task.CompletedTask;
    });

    /// <inheritdoc cref="AfterCommit(Action)"/>
    internal void AfterCommit(Func<Task> act) => _after.Add(_owns ? act : throw new InvalidOperationException("an event handler does not know when it is committed"));

    /// <summary>Rows of one query in the transaction.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancel) =>
        (await Connection.QueryAsync<T>(Command(sql, parameters, cancel))).AsList();

    /// <summary>The first row in the transaction, or default.</summary>
    public Task<T?> FindAsync<T>(string sql, object? parameters, CancellationToken cancel) =>
        Connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters, cancel));

    /// <summary>Runs one statement in the transaction; answers the rows touched.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancel) =>
        Connection.ExecuteAsync(Command(sql, parameters, cancel));

    /// <summary>Writes audit and events, then commits.</summary>
    public async Task CommitAsync(CancellationToken cancel)
    {
        await FlushAsync(cancel);
        await _transaction.CommitAsync(cancel);
        foreach (var act in _after)
            await act();
    }

    /// <summary>Rolls back what was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_owns)
            return;
        await _transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }

    /// <summary>A place in the transaction that <see cref="ReturnToAsync"/> leads back to.</summary>
    internal async Task<WorkMark> MarkAsync(CancellationToken cancel)
    {
        await ExecuteAsync("savepoint within", null, cancel);
        return new(_audit.Count, _events.Count);
    }

    /// <summary>True when something was noted for the audit trail since.</summary>
    internal bool HasAuditSince(WorkMark mark) => _audit.Count > mark.Audit;

    /// <summary>Undoes what was done and noted since; what came before stays.</summary>
    internal async Task ReturnToAsync(WorkMark mark, CancellationToken cancel)
    {
        await ExecuteAsync("rollback to savepoint within", null, cancel);
        _audit.RemoveRange(mark.Audit, _audit.Count - mark.Audit);
        _events.RemoveRange(mark.Events, _events.Count - mark.Events);
    }

    /// <summary>The same transaction, acting as a module: what an event handler is given.</summary>
    internal Work ForHandler(string module) => new(Connection, _transaction, Viewer.System(module), Now, _modules, owns: false);

    /// <summary>Writes audit rows and events into the transaction without committing it.</summary>
    internal async Task FlushAsync(CancellationToken cancel)
    {
        if (_audit.Count > 0)
        {
            var (sql, parameters) = AuditRow.Insert(_audit);
            await Connection.ExecuteAsync(Command(sql, parameters, cancel));
        }
        await OutboxWriter.WriteAsync(this, _events, _modules, cancel);
        _audit.Clear();
        _events.Clear();
    }

    private CommandDefinition Command(string sql, object? parameters, CancellationToken cancel) =>
        new(sql, parameters, _transaction, cancellationToken: cancel);
}

/// <summary>How much a transaction had noted at one place.</summary>
internal readonly record struct WorkMark(int Audit, int Events);
