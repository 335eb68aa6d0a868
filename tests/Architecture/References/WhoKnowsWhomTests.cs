using Xunit;

namespace Appliance.Architecture.References;

public sealed class WhoKnowsWhomTests
{
    [Fact]
    public void Product_keeps_the_table() =>
        Faults.None(Product.AssemblyFiles.SelectMany(file => WhoKnowsWhom.Faults(AssemblyFacts.Read(File.ReadAllBytes(file)), Product.Modules)));

    [Fact]
    public void Every_room_is_looked_at()
    {
        var seen = Product.AssemblyFiles.Select(Path.GetFileNameWithoutExtension).ToList();

        Assert.Empty(Product.Modules
            .SelectMany(module => new[] { $"Appliance.{module}", $"Appliance.{module}.Pages" })
            .Concat(["cirt", "Appliance.Contracts", "Appliance.Kernel", "Appliance.Ui", "Appliance.Console", "Appliance.Sensing.Engine"])
            .Except(seen));
    }

    [Theory]
    [InlineData("Appliance.Contracts", "object A = typeof(Microsoft.AspNetCore.Http.HttpContext);", "Microsoft.AspNetCore.Http.Abstractions: only the base class library")]
    [InlineData("Appliance.Sensing.Engine", "object A = typeof(Appliance.Contracts.Tlp);", "knows Appliance.Contracts")]
    [InlineData("Appliance.Sensing.Engine", "object A = typeof(Npgsql.NpgsqlConnection);", "Npgsql: only the base class library")]
    [InlineData("Appliance.Ui", "object A = typeof(Appliance.Kernel.Data.Database);", "knows Appliance.Kernel")]
    [InlineData("Appliance.Console", "object A = typeof(Npgsql.NpgsqlConnection);", "Npgsql: pages do not reach the database")]
    [InlineData("Appliance.Console", "object A = typeof(Dapper.SqlMapper);", "Dapper: pages do not reach the database")]
    [InlineData("Appliance.Watch.Pages", "object A = typeof(Dapper.SqlMapper);", "Dapper: pages do not reach the database")]
    [InlineData("Appliance.Watch.Pages", "object A = typeof(Appliance.Kernel.Data.Database);", "names Appliance.Kernel.Data.Database")]
    public void Forbidden_acquaintance_is_caught(string room, string source, string words)
    {
        var facts = AssemblyFacts.Read(Planted.Assembly(room, $"class Planted {{ {source} }}"));

        Assert.Contains(WhoKnowsWhom.Faults(facts, Product.Modules), fault => fault.Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cirt", "Appliance.Watch")]
    [InlineData("Appliance.Watch", "Appliance.Ticketing")]
    [InlineData("Appliance.Watch", "Appliance.Watch.Pages")]
    [InlineData("Appliance.Watch", "Appliance.Ui")]
    [InlineData("Appliance.Watch", "Appliance.Sensing.Engine")]
    [InlineData("Appliance.Watch.Pages", "Appliance.Ticketing")]
    [InlineData("Appliance.Watch.Pages", "Appliance.Ticketing.Pages")]
    [InlineData("Appliance.Console", "Appliance.Watch")]
    [InlineData("Appliance.Kernel", "Appliance.Ui")]
    [InlineData("Appliance.Kernel", "Appliance.Watch")]
    public void Rooms_that_must_not_meet_do_not(string room, string other) =>
        Assert.Equal([$"{room} knows {other}"], WhoKnowsWhom.Faults(new(room, [other], []), Product.Modules));

    [Theory]
    [InlineData("Appliance.Watch", "Appliance.Contracts", "Appliance.Kernel", "Npgsql", "Dapper", "Quartz", "Microsoft.AspNetCore.Http")]
    [InlineData("Appliance.Sensing", "Appliance.Sensing.Engine")]
    [InlineData("Appliance.Watch.Pages", "Appliance.Watch", "Appliance.Ui", "Appliance.Contracts", "Radzen.Blazor")]
    [InlineData("cirt", "Appliance.Console", "Appliance.Kernel", "Npgsql", "Scrutor")]
    public void Neighbours_in_the_table_pass(string room, params string[] others) =>
        Assert.Empty(WhoKnowsWhom.Faults(new(room, others, []), Product.Modules));
}
