using System.Data;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>The one PostgreSQL, reached as the application role: rows, no definitions. Thread-safe.</summary>
/// <param name="source">The pool.</param>
/// <param name="time">The clock of all acts.</param>
/// <param name="modules">Who subscribes to what is published; null in tools that publish to nobody.</param>
public sealed class Database(NpgsqlDataSource source, TimeProvider time, ModuleSet? modules = null)
{
    static Database() => SqlTypes.Register();

    /// <summary>The pool beneath, for COPY and LISTEN.</summary>
    public NpgsqlDataSource Source => source;

    /// <summary>A transaction for one act (read committed). Dispose without <see cref="Work.CommitAsync"/> rolls back.</summary>
    public async Task<Work> BeginAsync(Viewer viewer, CancellationToken cancel)
    {
        var connection = await source.OpenConnectionAsync(cancel);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);
            return new Work(connection, transaction, viewer, time.GetUtcNow(), modules);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>An open connection for reading; dispose it.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => source.OpenConnectionAsync(cancel);

    /// <summary>Rows of one query.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancel, int seconds = 30)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, commandTimeout: seconds, cancellationToken: cancel))).AsList();
    }

    /// <summary>The first row of one query, or default.</summary>
    public async Task<T?> FindAsync<T>(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }

    /// <summary>Runs one statement outside an act: queues, counters, drafts. State that people see changes through an act.</summary>
    public async Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }
}
