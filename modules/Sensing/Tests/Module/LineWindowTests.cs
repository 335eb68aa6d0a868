using System.Text;
using Appliance.Sensing.Intake;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class LineWindowTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Lines_come_with_their_places_whatever_the_size_of_the_window()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => new string('x', i % 50) + (i % 7 == 0 ? "\r\n" : "\n"))) + "rest";
        File.WriteAllText(_path, text);
        using var file = File.OpenHandle(_path);
        var window = new LineWindow(size: 64, cap: 128);
        var (read, at) = (new List<string>(), 0L);
        do
        {
            window.Fill(file, at);
            while (window.TryNext(out var line, out var place))
            {
                Assert.Equal(at, place);
                read.Add(Encoding.UTF8.GetString(line.Span));
                at = window.Position;
            }
        }
        while (!window.AtEnd);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => new string('x', i % 50)), read);
        Assert.Equal("rest", Encoding.UTF8.GetString(window.Rest.Span));
    }

    [Fact]
    public void Line_larger_than_the_cap_is_named_and_stepped_over()
    {
        File.WriteAllText(_path, new string('y', 1000) + "\nnext\n");
        using var file = File.OpenHandle(_path);
        var window = new LineWindow(size: 16, cap: 64);
        window.Fill(file, 0);
        Assert.True(window.Overflows);
        Assert.Equal(1001, LineWindow.EndOfLine(file, 0));
        window.Fill(file, 1001);
        Assert.False(window.Overflows);
        Assert.True(window.TryNext(out var line, out _));
        Assert.Equal("next", Encoding.UTF8.GetString(line.Span));
    }
}
