using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>A program that meets the database of a later release leaves it alone and says which program reads it.</summary>
public sealed class NewerDatabaseTests : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("cirt-newer-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("9.0.0", 1)]
    [InlineData("0.0.1", 0)]
    public async Task Database_of_a_later_release_is_refused_unless_this_one_can_read_it(string readableBy, int code)
    {
        await using var database = await TestDatabase.EmptyAsync();
        Assert.Equal(0, (await MigrateAsync(database)).Code);
        await using (var connection = new NpgsqlConnection(database.Connection))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var later = new NpgsqlCommand($"insert into migrations.applied (module, number, file, checksum, readable_by) values ('kernel', 9999, '9999_later.sql', 'x', '{readableBy}')", connection);
            await later.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var again = await MigrateAsync(database);

        Assert.Equal(code, again.Code);
        if (code == 0)
            return;
        Assert.Contains("kernel/9999_later.sql can be read from 9.0.0 on", again.Output, StringComparison.Ordinal);
        var serve = await CirtProcess.RunAsync(["serve"], new Dictionary<string, string?> { ["CIRT_DATA"] = _data, ["CIRT_DATABASE"] = null });
        Assert.Equal(1, serve.Code);
        Assert.Contains("The database is of a newer release", serve.Output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> MigrateAsync(TestDatabase database) =>
        CirtProcess.RunAsync(["migrate"], new Dictionary<string, string?> { ["CIRT_DATA"] = _data, ["CIRT_DATABASE"] = database.Connection });
}
