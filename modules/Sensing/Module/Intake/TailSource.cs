using System.Globalization;
using System.Security.Cryptography;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Sensing.Intake;

/// <summary>
/// Follows the eve.json of a stock Suricata through rotation by rename and by truncation. The bookmark names the file by inode and by a hash of its first
/// bytes, so that a new file under an old inode is not taken for the old one.
/// </summary>
internal sealed class TailSource(SensorFolder sensor, TimeProvider time, ILogger log) : IEveSource
{
    private const int FingerprintBytes = 256;

    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(10);

    private readonly string _path = Path.Combine(sensor.Path, "eve.json");
    private SafeFileHandle? _held;
    private string _heldInode = "";
    private DateTime? _follows;

    public EveStretch? Open(Bookmark bookmark)
    {
        _follows = null;
        var current = TryOpen(_path);
        if (bookmark.ReadOn.Length == 0)
            return current is null ? null : Hold(current, bookmark);
        var was = Identity.Parse(bookmark.ReadOn);
        if (current is not null && Inode(current) == was.Inode)
        {
            if (was.Fits(current, bookmark.AtByte))
                return Continue(current, bookmark, closed: false);
            // Same file, other content: truncated in place and begun anew. What was not read of it yet may lie in a copy that was made before (copytruncate).
            if (Sibling(was, bookmark.AtByte, copies: true) is not { } copy)
                return Hold(current, bookmark with { Segment = bookmark.Segment + 1, AtByte = 0 });
            current.Dispose();
            if (RandomAccess.GetLength(copy) > bookmark.AtByte)
                return Continue(copy, bookmark, closed: true);
            return Following(copy, bookmark);
        }
        return Rotated(current, bookmark, was);
    }

    /// <summary>
    /// Names the file by what was read of it: its first bytes as they came in with the first line, and the same ones each time after. A file that was emptied or replaced between the look and the
    /// reading no longer begins with them; and a first stretch counts only if its file is still the one that follows, since what was emptied lies in a copy that is to be read before it.
    /// </summary>
    public Bookmark? Seal(EveStretch stretch, LineWindow window, Bookmark end)
    {
        var was = Identity.Parse(stretch.Start.ReadOn);
        Span<byte> head = stackalloc byte[Math.Max((int)Math.Min(end.AtByte, FingerprintBytes), was.Bytes)];
        if (RandomAccess.Read(stretch.File, head, 0) < head.Length || RandomAccess.GetLength(stretch.File) < end.AtByte)
            return null;
        if (_follows is { } written)
        {
            using var next = Younger(written) ?? TryOpen(_path);
            if (next is null || Inode(next) != was.Inode)
                return null;
        }
        var same = stretch.Start.AtByte == 0 ? window.Filled.StartsWith(head) : was.Names(head);
        return same ? end with { ReadOn = Identity.Of(head, was.Inode).ToString() } : null;
    }

    /// <summary>Stays at the end of the old file: the change to the new one is seen by the inode.</summary>
    public Bookmark Behind(Bookmark end) => end;

    public void Committed(Bookmark bookmark)
    {
    }

    public void Dispose() => _held?.Dispose();

    private EveStretch? Rotated(SafeFileHandle? current, Bookmark bookmark, Identity was)
    {
        var old = _held is not null && _heldInode == was.Inode && was.Fits(_held, bookmark.AtByte) ? _held : Sibling(was, bookmark.AtByte);
        if (old is null)
        {
            if (current is null)
                return null;
            Log.RotatedAway(log, sensor.Name, 0);
            return Hold(current, bookmark with { Segment = bookmark.Segment + 1, AtByte = 0 });
        }
        // Suricata goes on writing into the renamed file until it is told to reopen: closed only once the new file has content, or after a while.
        var replaced = current is not null && RandomAccess.GetLength(current) > 0;
        var quiet = time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(old) > s_quiet;
        var length = RandomAccess.GetLength(old);
        if (current is not null && (replaced || quiet) && bookmark.AtByte >= length)
        {
            current.Dispose();
            return Following(old, bookmark);
        }
        current?.Dispose();
        return Continue(old, bookmark, closed: replaced || (quiet && File.Exists(_path)));
    }

    /// <summary>
    /// The file that came after one that was read to its end: where the host was away for more than one rotation that is not the newest. Files are turned away in the order in which they were last
    /// written; only names that end as a rotation writes them are taken, so that somebody's copy is not read as another file.
    /// </summary>
    private EveStretch? Following(SafeFileHandle old, Bookmark bookmark)
    {
        var (written, was) = (File.GetLastWriteTimeUtc(old), Identity.Of(old));
        if (!ReferenceEquals(old, _held))
            old.Dispose();
        // Looked at until two looks agree: a rotation between the list and the opening gives the name to another file.
        SafeFileHandle? next = null;
        for (var agreed = false; !agreed;)
        {
            var again = Younger(written) ?? TryOpen(_path);
            agreed = (next is null && again is null) || (next is not null && again is not null && Inode(next) == Inode(again));
            next?.Dispose();
            next = again;
        }
        if (next is not null && was.Fits(next, 0))
        {
            // The copy was read to its end before the file itself was emptied; and a clock that went back makes nothing younger.
            next.Dispose();
            return null;
        }
        _follows = written;
        return next is null ? null : Hold(next, bookmark with { Segment = bookmark.Segment + 1, AtByte = 0 });
    }

    /// <summary>The oldest of the files that were written after <paramref name="written"/>.</summary>
    private SafeFileHandle? Younger(DateTime written)
    {
        SafeFileHandle? oldest = null;
        foreach (var path in Directory.EnumerateFiles(sensor.Path, "eve.json*").Where(static p => Path.GetFileName(p.AsSpan())["eve.json".Length..].IndexOfAnyExcept("0123456789.-_:TZ") < 0).Order(StringComparer.Ordinal).Reverse())
        {
            if (TryOpen(path) is not { } file)
                continue;
            var at = File.GetLastWriteTimeUtc(file);
            if (at > written && RandomAccess.GetLength(file) > 0 && (oldest is null || at < File.GetLastWriteTimeUtc(oldest)))
                (oldest, file) = (file, oldest);
            file?.Dispose();
        }
        return oldest;
    }

    private EveStretch? Continue(SafeFileHandle file, Bookmark bookmark, bool closed)
    {
        Keep(file);
        return RandomAccess.GetLength(file) > bookmark.AtByte
            ? new(file, bookmark with { ReadOn = (Identity.Parse(bookmark.ReadOn) with { Inode = _heldInode }).ToString() }, closed)
            : null;
    }

    private EveStretch? Hold(SafeFileHandle file, Bookmark start)
    {
        Keep(file);
        return RandomAccess.GetLength(file) > 0 ? new(file, start with { ReadOn = Identity.Of([], _heldInode).ToString() }, Closed: false) : null;
    }

    private void Keep(SafeFileHandle file)
    {
        if (ReferenceEquals(file, _held))
            return;
        _held?.Dispose();
        (_held, _heldInode) = (file, Inode(file));
    }

    /// <summary>The file that was being read, under another name; or one of the same beginning, under any inode.</summary>
    private SafeFileHandle? Sibling(Identity was, long atByte, bool copies = false)
    {
        if (!Directory.Exists(sensor.Path))
            return null;
        foreach (var path in Directory.EnumerateFiles(sensor.Path, "eve.json*"))
        {
            if (path == _path || TryOpen(path) is not { } file)
                continue;
            if ((copies ? was.Bytes > 0 : Inode(file) == was.Inode) && was.Fits(file, atByte))
                return file;
            file.Dispose();
        }
        return null;
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // Between the rename and the reopening there is no such file.
            return null;
        }
    }

    /// <summary>The base class library knows no inodes; the kernel tells them of every open file.</summary>
    private static string Inode(SafeFileHandle file)
    {
        var entry = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{file.DangerousGetHandle()}");
        foreach (var line in File.ReadLines(entry))
        {
            if (line.StartsWith("ino:", StringComparison.Ordinal))
                return line[4..].Trim();
        }
        return "0";
    }

    private sealed record Identity(string Inode, int Bytes, string Hash)
    {
        public static Identity Parse(string text)
        {
            var words = text.Split(':');
            return words.Length == 3 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes <= FingerprintBytes ? new(words[0], bytes, words[2]) : new("", 0, "");
        }

        public static Identity Of(ReadOnlySpan<byte> head, string inode) => new(inode, head.Length, HashOf(head));

        /// <summary>Of a file that nobody writes any more.</summary>
        public static Identity Of(SafeFileHandle file)
        {
            Span<byte> head = stackalloc byte[FingerprintBytes];
            return Of(head[..RandomAccess.Read(file, head, 0)], "");
        }

        /// <summary>True when <paramref name="head"/>, the first bytes of a file, begins with the bytes that this was made of.</summary>
        public bool Names(ReadOnlySpan<byte> head) => head.Length >= Bytes && HashOf(head[..Bytes]) == Hash;

        /// <summary>True when the file is at least that long and begins with those bytes.</summary>
        public bool Fits(SafeFileHandle file, long atByte)
        {
            Span<byte> head = stackalloc byte[FingerprintBytes];
            return RandomAccess.GetLength(file) >= atByte && Names(head[..RandomAccess.Read(file, head, 0)]);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inode}:{Bytes}:{Hash}");

        private static string HashOf(ReadOnlySpan<byte> head) => Convert.ToHexStringLower(SHA256.HashData(head))[..16];
    }
}
