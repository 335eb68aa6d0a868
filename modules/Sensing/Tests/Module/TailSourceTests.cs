using System.Text;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

/// <summary>A stock Suricata's eve.json through every kind of rotation: each line is read once, in order.</summary>
public sealed class TailSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-tail-").FullName;
    private readonly LineWindow _window = new();
    private readonly List<string> _read = [];
    private Bookmark _bookmark = new(1, "eve", 1, 0, "", null);
    private TailSource _source;

    public TailSourceTests() => _source = Open();

    private string Eve => Path.Combine(_folder, "eve.json");

    public void Dispose()
    {
        _source.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Missing_file_is_waited_for_and_a_half_line_too()
    {
        Look();
        File.WriteAllText(Eve, "one\ntw");
        Look();
        Assert.Equal(["one"], _read);
        File.AppendAllText(Eve, "o\n");
        Look();
        Assert.Equal(["one", "two"], _read);
    }

    [Fact]
    public void Rotation_by_rename_loses_nothing_even_when_the_old_file_grows_on()
    {
        File.WriteAllText(Eve, "a1\na2\n");
        Look();
        File.Move(Eve, Eve + ".1");
        File.AppendAllText(Eve + ".1", "a3\n");
        Look();
        File.WriteAllText(Eve, "");
        File.AppendAllText(Eve + ".1", "a4\n");
        Look();
        File.AppendAllText(Eve, "b1\n");
        Look();
        Look();
        Assert.Equal(["a1", "a2", "a3", "a4", "b1"], _read);
    }

    [Fact]
    public void File_is_named_by_its_first_line_although_only_its_common_beginning_was_there_at_first()
    {
        const string Head = "{\"timestamp\":\"2026-11-20T";
        File.WriteAllText(Eve, Head);
        var stretch = _source.Open(_bookmark)!;
        File.AppendAllText(Eve, "a1\n");
        Read(stretch);
        // Copied, emptied, and already longer than the old one was read: nothing but the first line tells them apart.
        foreach (var turn in new[] { "b", "c", "d" })
        {
            File.Copy(Eve, $"{Eve}.{turn[0] - 'a'}");
            // Their order is known by the times of their last lines, which the kernel keeps in steps.
            Thread.Sleep(20);
            File.WriteAllText(Eve, $"{Head}{turn}1\n{Head}{turn}2\n");
        }
        for (var look = 0; look < 5; look++)
            Look();
        Assert.Equal(["a1", "b1", "b2", "c1", "c2", "d1", "d2"], _read.Select(static l => l[Head.Length..]));
    }

    [Fact]
    public void File_that_is_emptied_and_grows_again_between_the_look_and_the_reading_is_not_read_as_the_old_one()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        File.AppendAllText(Eve, "a2\n");
        var stretch = _source.Open(_bookmark)!;
        File.Copy(Eve, Eve + ".1");
        File.WriteAllText(Eve, "b1\nb2\nb3\n");
        Read(stretch);
        Look();
        Look();
        Assert.Equal(["a1", "a2", "b1", "b2", "b3"], _read);
    }

    [Fact]
    public void File_that_is_emptied_between_the_look_at_its_beginning_and_the_reading_is_read_from_its_copy()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        Turn("0", "b1\n");
        var stretch = _source.Open(_bookmark)!;
        Turn("1", "c1\n");
        Read(stretch);
        Look();
        Assert.Equal(["a1", "b1", "c1"], _read);

        void Turn(string number, string next)
        {
            File.Copy(Eve, $"{Eve}.{number}");
            Thread.Sleep(20);
            File.WriteAllText(Eve, next);
        }
    }

    [Fact]
    public void Rotation_while_the_host_was_down_is_found_by_inode()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        _source.Dispose();
        File.AppendAllText(Eve, "a2\n");
        File.Move(Eve, Path.Combine(_folder, "eve.json-20261121"));
        File.WriteAllText(Eve, "b1\n");
        _source = Open();
        Look();
        Look();
        Look();
        Assert.Equal(["a1", "a2", "b1"], _read);
    }

    [Fact]
    public void Several_rotations_while_the_host_was_down_are_read_in_their_order()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        _source.Dispose();
        File.AppendAllText(Eve, "a2\n");
        foreach (var next in new[] { "b", "c", "d" })
        {
            for (var number = 3; number > 0; number--)
            {
                if (File.Exists($"{Eve}.{number}"))
                    File.Move($"{Eve}.{number}", $"{Eve}.{number + 1}");
            }
            File.Move(Eve, Eve + ".1");
            File.WriteAllText(Eve, $"{next}1\n{next}2\n");
            File.SetLastWriteTimeUtc(Eve, File.GetLastWriteTimeUtc(Eve + ".1").AddSeconds(1));
        }
        // Somebody's copy is no rotation.
        File.Copy(Eve + ".1", Eve + ".bak");
        _source = Open();
        for (var looks = 0; looks < 10; looks++)
            Look();
        Assert.Equal(["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"], _read);
    }

    [Fact]
    public void A_copy_made_before_the_truncation_gives_what_was_not_read_yet()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        File.AppendAllText(Eve, "a2\na3\n");
        File.Copy(Eve, Eve + ".1");
        File.WriteAllText(Eve, "b1\n");
        for (var looks = 0; looks < 4; looks++)
            Look();
        File.Copy(Eve, Eve + ".1", overwrite: true);
        File.WriteAllText(Eve, "c1\n");
        for (var looks = 0; looks < 4; looks++)
            Look();
        Assert.Equal(["a1", "a2", "a3", "b1", "c1"], _read);
    }

    [Fact]
    public void Truncation_in_place_begins_anew()
    {
        File.WriteAllText(Eve, "a1\na2\n");
        Look();
        File.WriteAllText(Eve, "");
        Look();
        File.AppendAllText(Eve, "b1\n");
        Look();
        Assert.Equal(["a1", "a2", "b1"], _read);
    }

    [Fact]
    public void Truncation_that_grew_past_the_bookmark_is_seen_by_its_first_bytes()
    {
        File.WriteAllText(Eve, "a1\n");
        Look();
        using (var file = new FileStream(Eve, FileMode.Open, FileAccess.Write))
        {
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes("b1\nb2\nb3\n"));
        }
        Look();
        Assert.Equal(["a1", "b1", "b2", "b3"], _read);
    }

    private TailSource Open() => new(new SensorFolder(1, "stock", _folder, "suricata"), TimeProvider.System, NullLogger.Instance);

    private void Look()
    {
        for (var i = 0; i < 3; i++)
        {
            if (_source.Open(_bookmark) is { } stretch)
                Read(stretch);
        }
    }

    private void Read(EveStretch stretch)
    {
        _window.Fill(stretch.File, stretch.Start.AtByte);
        var lines = new List<string>();
        while (_window.TryNext(out var line, out _))
            lines.Add(Encoding.UTF8.GetString(line.Span));
        if (lines.Count == 0 || _source.Seal(stretch, _window, stretch.Start with { AtByte = _window.Position }) is not { } end)
            return;
        _read.AddRange(lines);
        _bookmark = end;
    }
}
