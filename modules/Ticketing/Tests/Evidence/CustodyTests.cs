using Appliance.Ticketing.Evidence;
using Xunit;

namespace Appliance.Ticketing.Tests.Evidence;

/// <summary>The chain of custody tells what was done to it.</summary>
public sealed class CustodyTests
{
    private const string Sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    [Fact]
    public void Whole_chain_is_whole()
    {
        var (row, lines) = Chain(5);
        Assert.Equal(new ChainState(true, 5, null), Custody.Verify(row, lines));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void Missing_line_is_noticed_wherever_it_stood(int at)
    {
        var (row, lines) = Chain(5);
        lines.RemoveAt(at);
        Assert.Equal(new ChainState(false, 4, at + 1), Custody.Verify(row, lines));
    }

    [Fact]
    public void Altered_moved_and_added_lines_are_noticed()
    {
        var (row, lines) = Chain(4);
        Assert.Equal(2, Custody.Verify(row, [lines[0], lines[1] with { ByName = "Eve" }, lines[2], lines[3]]).BrokenAt);
        Assert.Equal(3, Custody.Verify(row, [lines[0], lines[1], lines[2] with { At = lines[2].At.AddTicks(10) }, lines[3]]).BrokenAt);
        Assert.Equal(2, Custody.Verify(row, [lines[0], lines[2], lines[1], lines[3]]).BrokenAt);
        // What stood in one field is not the same in two.
        Assert.Equal(4, Custody.Verify(row, [lines[0], lines[1], lines[2], lines[3] with { Party = "", Note = lines[3].Party + lines[3].Note }]).BrokenAt);
        var added = lines[3] with { Line = 5 };
        added = added with { Hash = Convert.ToHexStringLower(Custody.HashOf(row.Id, Convert.FromHexString(lines[3].Hash), added)) };
        Assert.Equal(new ChainState(false, 5, 6), Custody.Verify(row, [.. lines, added]));
    }

    [Fact]
    public void Chain_of_another_file_does_not_fit()
    {
        var (row, lines) = Chain(2);
        Assert.Equal(1, Custody.Verify(new() { Id = row.Id, Sha256 = new string('0', 64), CustodyLines = 2, CustodyHead = row.CustodyHead }, lines).BrokenAt);
    }

    private static (EvidenceRow Row, List<CustodyLine> Lines) Chain(int length)
    {
        var row = new EvidenceRow { Id = Guid.CreateVersion7(), Sha256 = Sha256, CustodyHead = Custody.Beginning(Sha256) };
        List<CustodyLine> lines = [];
        for (var i = 1; i <= length; i++)
        {
            var line = new CustodyLine(i, DateTimeOffset.UnixEpoch.AddMinutes(i), "viewed", Guid.NewGuid(), "Ana", "laboratory", "note", "");
            row.CustodyHead = Custody.HashOf(row.Id, row.CustodyHead, line);
            row.CustodyLines = i;
            lines.Add(line with { Hash = Convert.ToHexStringLower(row.CustodyHead) });
        }
        return (row, lines);
    }
}
