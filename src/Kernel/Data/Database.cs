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
    /// <summary>More than one in a row are cut only while connections are being cut: the server is stopping, or somebody does it by hand.</summary>
    private const int MostCut = 5;

    static Database() => SqlTypes.Register();

    /// <summary>The pool beneath, for COPY and LISTEN.</summary>
    public NpgsqlDataSource Source => source;

    /// <summary>A transaction for one act (read committed). Dispose without <see cref="Work.CommitAsync"/> rolls back.</summary>
    public async Task<Work> BeginAsync(Viewer viewer, CancellationToken cancel)
    {
        var connection = await OpenAsync(cancel);
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

    /// <summary>An open connection for reading; dispose it. It answered just now, so nobody meets one that was cut while it lay in the pool.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        for (var cut = 0; ; cut++)
        {
            var connection = await source.OpenConnectionAsync(cancel);
            try
            {
                await using var ask = new NpgsqlCommand("select", connection);
                await ask.ExecuteNonQueryAsync(cancel);
                return connection;
            }
            catch (Exception fault)
            {
                var wasCut = fault is NpgsqlException && connection.State != ConnectionState.Open;
                await connection.DisposeAsync();
                if (!wasCut || cut == MostCut)
                    throw;
                // Whatever cut this one cut its neighbours: the next is a new one.
                source.Clear();
            }
        }
    }

    /// <summary>Rows of one query.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancel, int seconds = 30)
    {
        await using var connection = await OpenAsync(cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, commandTimeout: seconds, cancellationToken: cancel))).AsList();
    }

    /// <summary>The first row of one query, or default.</summary>
    public async Task<T?> FindAsync<T>(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }

    /// <summary>Runs one statement outside an act: queues, counters, drafts. State that people see changes through an act.</summary>
    public async Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }
}
