using Appliance.Contracts;
using Appliance.Kernel.Permissions;
using Xunit;

namespace Appliance.Architecture.Sql;

public sealed class SqlRulesTests
{
    private static readonly HashSet<string> s_marked = ["ticketing.incidents"];

    [Fact]
    public void Product_numbers_its_migrations() => Faults.None(
        Product.Files(".sql")
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "Migrations")
            .GroupBy(file => Path.GetDirectoryName(file)!)
            .SelectMany(room => MigrationRules.Faults(room.Key, room.ToDictionary(file => Path.GetFileName(file), Product.Read))));

    [Fact]
    public void Product_shows_marked_rows_to_those_who_may_see_them() => Faults.None(
        Product.AssemblyFiles.SelectMany(file => VisibilityRule.Faults(
            Path.GetFileNameWithoutExtension(file),
            VisibilityRule.TextsOf(File.ReadAllBytes(file)),
            MigrationRules.Marked(Product.Files(".sql").Where(sql => sql.Contains("/Migrations/", StringComparison.Ordinal)).Select(Product.Read)))));

    [Fact]
    public void Fragment_of_the_kernel_is_the_one_looked_for()
    {
        Assert.Contains(VisibilityRule.Fragment, Visible.Rows, StringComparison.Ordinal);
        Assert.Contains(VisibilityRule.Fragment, Visible.RowsOfConstituents, StringComparison.Ordinal);
        Assert.Contains("viewer_tlp", Visible.With(Viewer.System("test")).ParameterNames);
    }

    [Fact]
    public void Gap_wrong_name_and_missing_release_are_caught() => Assert.Equal(
        ["X/0003_c.sql is out of order: 0002 comes next", "X/0003_c.sql does not say which release can read its result: add '-- readable-by: x.y.z'", "X/words.sql is not named NNNN_words.sql"],
        MigrationRules.Faults("X", new Dictionary<string, string> { ["0003_c.sql"] = "", ["0001_a.sql"] = "-- readable-by: 0.1.0\n", ["words.sql"] = "-- readable-by: 0.1.0" }));

    [Fact]
    public void Marked_tables_are_found_where_they_are_created_and_where_they_are_marked_later() => Assert.Equal(
        ["a.later", "a.seen"],
        MigrationRules.Marked(
        [
            "create table a.seen (\n    id uuid,\n    tlp smallint not null check (tlp between 0 and 4)\n);\ncreate table a.plain (\n    id uuid\n);",
            "alter table a.later\n    add column tlp smallint;\nalter table a.plain add column tlper int;",
        ]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("select id from ticketing.incidents m where id = @id", true)]
    [InlineData("select 1 from watch.items w join ticketing.incidents m on true", true)]
    [InlineData("insert into x.y select id from ticketing.incidents", true)]
    [InlineData("-- every row: short\nselect id from ticketing.incidents", true)]
    [InlineData("select id from ticketing.incidents m where (m.tlp <= @viewer_tlp or @viewer_id = any(m.named))", false)]
    [InlineData("-- every row: the sealer hashes all of them\nselect id from ticketing.incidents", false)]
    [InlineData("delete from ticketing.incidents where id in (select id from ticketing.incidents limit 10)", false)]
    [InlineData("delete from ticketing.incidents where id = @id returning title", true)]
    [InlineData("update ticketing.notes n set text = i.title from ticketing.incidents i where i.id = n.id", true)]
    [InlineData("select id from ticketing.notes", false)]
    public void Query_past_the_marking_is_caught(string sql, bool caught) => Assert.Equal(caught, VisibilityRule.Faults("X", [sql], s_marked).Any());

    [Fact]
    public void Fragment_is_seen_through_the_compilers_folding()
    {
        var assembly = Planted.Assembly(
            "Folded",
            """
            using Appliance.Kernel.Permissions;
            class Q
            {
                const string Columns = "select m.id from ticketing.incidents m ";
                public string Good => Columns + $"where {Visible.Rows} limit 10";
                public string Bad => Columns + "limit 10";
            }
            """);

        Assert.Equal(
            ["Q reads ticketing.incidents without Visible.Rows: select m.id from ticketing.incidents m limit 10"],
            VisibilityRule.Faults("Q", VisibilityRule.TextsOf(assembly), s_marked));
    }
}
