using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Data;

public sealed class TestDatabaseTests
{
    [Fact]
    public async Task Template_is_built_once_and_each_copy_stands_alone()
    {
        var built = 0;
        var name = Guid.NewGuid().ToString();
        async Task BuildAsync(string connection)
        {
            Interlocked.Increment(ref built);
            await RunAsync(connection, "create table seen (n int); insert into seen values (1)");
        }

        var copies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestDatabase.FromAsync(name, BuildAsync)));
        await RunAsync(copies[0].Connection, "insert into seen values (2)");

        Assert.Equal(1, built);
        Assert.Equal(2L, await RunAsync(copies[0].Connection, "select count(*) from seen"));
        Assert.Equal(1L, await RunAsync(copies[3].Connection, "select count(*) from seen"));
        foreach (var copy in copies)
            await copy.DisposeAsync();
        await using var gone = new NpgsqlConnection(copies[0].Connection);
        Assert.Equal("3D000", (await Assert.ThrowsAsync<PostgresException>(() => gone.OpenAsync(TestContext.Current.CancellationToken))).SqlState);
    }

    private static async Task<object?> RunAsync(string address, string sql)
    {
        await using var connection = new NpgsqlConnection(address + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
