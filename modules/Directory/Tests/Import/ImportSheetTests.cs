using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Directories.Import;
using Xunit;

namespace Appliance.Directories.Tests.Import;

public sealed class ImportSheetTests
{
    private const string Header = "name,sector,networks,asns,domains,contact_name,contact_mail,contact_purpose,language\n";

    [Fact]
    public void Reads_a_full_row()
    {
        var sheet = Read(Header + "\"Ministry, of Health\",health,192.0.2.0/24 2001:db8::/32,AS64500,health.example,CERT desk,cert@health.example,security,fr\n").Value;

        Assert.Empty(sheet.Faults);
        var row = Assert.Single(sheet.Rows);
        Assert.Equal("Ministry, of Health", row.Name);
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32", "AS64500", "health.example"], row.Networks.Select(n => n.Written));
        Assert.Equal("fr", row.Contact!.Language);
        Assert.True(row.IsNew);
    }

    [Fact]
    public void Names_line_column_and_reason_of_every_bad_row_and_keeps_the_good_ones()
    {
        var sheet = Read(Header
            + "Good,energy,192.0.2.0/24,,,,,,\n"
            + "Bad block,energy,192.0.2.77/24,,,,,,\n"
            + ",energy,,,,,,,\n"
            + "Two faults,nonsense,,ASX,,,not-a-mail,,\n"
            + "Too few,energy\n"
            + "\"Open quote,energy,,,,,,,\n"
            + "Last,water,,,last.example,,,,\n").Value;

        Assert.Equal(["Good", "Last"], sheet.Rows.Select(r => r.Name));
        Assert.Equal(
            [(3, "networks", "directory.refused.host-bits"), (4, "name", "directory.refused.name"), (5, "sector", "directory.refused.sector"), (5, "asns", "directory.refused.import-wrong-column"), (5, "contact_mail", "directory.refused.mail"), (6, "", "directory.refused.csv-cell-count"), (7, "", "directory.refused.csv-unclosed-quote")],
            sheet.Faults.Select(f => (f.Line, f.Column, f.Key)));
        Assert.Equal(5, sheet.BadRows);
    }

    [Theory]
    [InlineData(',', false)]
    [InlineData(';', true)]
    [InlineData('\t', true)]
    public void Takes_the_delimiter_and_byte_order_mark_that_spreadsheets_write(char delimiter, bool mark)
    {
        var text = $"Name{delimiter}Networks{delimiter}Contact mail\r\nPort of Dili{delimiter}\"192.0.2.0/24;198.51.100.0/24\"{delimiter}it@port.example\r\n";
        byte[] file = [.. mark ? Encoding.UTF8.Preamble.ToArray() : [], .. Encoding.UTF8.GetBytes(text)];
        var row = Assert.Single(ImportSheet.Read(file, Ground()).Value.Rows);
        Assert.Equal(2, row.Networks.Count);
        Assert.Equal("it@port.example", row.Contact!.Mail);
    }

    [Fact]
    public void Refuses_a_network_that_someone_else_holds_in_the_directory_or_earlier_in_the_file()
    {
        var ground = Ground(("192.0.2.0/24", "Old holder"));
        var sheet = Read(Header + "Old Holder,,192.0.2.0/24,,,,,,\nThief,,192.0.2.0/24,,,,,,\nFirst,,,,shared.example,,,,\nSecond,,,,shared.example,,,,\n", ground).Value;

        Assert.Equal(["Old Holder", "First"], sheet.Rows.Select(r => r.Name));
        Assert.Equal([(3, "Old holder"), (5, "First")], sheet.Faults.Select(f => (f.Line, (string)f.Arguments[1])));
    }

    [Fact]
    public void Same_name_in_two_rows_adds_to_one_organisation()
    {
        var sheet = Read(Header + "Bank,finance,,,,A,a@bank.example,security,\nBANK,finance,,,,B,b@bank.example,abuse,\n").Value;
        var preview = PreviewImport.Preview(Guid.Empty, "x.csv", sheet);
        Assert.Equal((2, 0, 1), (preview.GoodRows, preview.BadRows, preview.NewConstituents));
    }

    [Fact]
    public void Preview_is_answered_as_json()
    {
        var sheet = Read(Header + "Bank,finance,192.0.2.0/24 2001:db8::/32,AS64500,bank.example,,,,\n").Value;
        var json = JsonSerializer.Serialize(PreviewImport.Preview(Guid.Empty, "x.csv", sheet), JsonSerializerOptions.Web);
        Assert.Contains("\"written\":\"2001:db8::/32\"", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sector,networks\nx,y\n", "directory.refused.import-header")]
    [InlineData("name,name\nx,y\n", "directory.refused.import-column-twice")]
    [InlineData("name\n", "directory.refused.import-empty")]
    [InlineData("", "directory.refused.import-empty")]
    public void Refuses_a_file_that_is_no_list_of_organisations(string text, string reason) => Assert.Equal(reason, Read(text).Refusals[0].Key);

    [Fact]
    public void Refuses_bytes_that_are_not_text() => Assert.Equal("directory.refused.import-encoding", ImportSheet.Read([0x6E, 0xE9, 0x0A], Ground()).Refusals[0].Key);

    [Fact]
    public void Refuses_more_rows_than_the_limit() =>
        Assert.Equal("directory.refused.import-rows", Read("name\n" + string.Concat(Enumerable.Range(0, ImportSheet.MaxRows + 1).Select(i => $"n{i}\n"))).Refusals[0].Key);

    [Fact]
    public void Unknown_columns_are_named_not_fatal() => Assert.Equal(["fax"], Read("name,fax\nBank,12\n").Value.IgnoredColumns);

    [Fact]
    public void Apostrophe_that_the_export_put_before_a_formula_is_taken_off() => Assert.Equal("=Bank", Assert.Single(Read("name\n'=Bank\n").Value.Rows).Name);

    private static Outcome<ImportSheet> Read(string text, ImportGround? ground = null) => ImportSheet.Read(Encoding.UTF8.GetBytes(text), ground ?? Ground());

    private static ImportGround Ground(params (string Key, string Holder)[] held) => new(
        held.DistinctBy(h => h.Holder).ToDictionary(h => h.Holder, _ => ConstituentId.New(), StringComparer.OrdinalIgnoreCase),
        held.ToDictionary(h => h.Key, h => h.Holder));
}
