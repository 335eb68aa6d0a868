using System.Security.Cryptography;
using Appliance.Kernel.Files;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.Zip;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Lists a zip archive, opened with a password where it needs one: names made harmless, bytes counted and hashed as they come out, nothing kept. Runs only in the parser's process.</summary>
internal static class ArchiveMembers
{
    private const int MostEntries = 10_000;

    private const int MostShown = 200;

    private const long MostBytes = 500L * 1024 * 1024;

    private const int MostRatio = 100;

    /// <param name="asked">Password and archive, as <see cref="Frames.With"/> joins them.</param>
    public static ParsedArchive Read(ReadOnlyMemory<byte> asked)
    {
        var (password, document) = Frames.Split(asked);
        var members = new List<ArchiveMember>();
        try
        {
            using var archive = new ZipFile(new MemoryStream(document.ToArray(), writable: false)) { Password = password.Length == 0 ? null : password };
            if (archive.Count > MostEntries)
                return new([], "entries");
            var left = MostBytes;
            foreach (var entry in archive.Cast<ZipEntry>().Where(e => e.IsFile).Take(MostShown))
            {
                var (member, refused) = One(archive, entry, left);
                if (refused is not null)
                    return new(members, refused);
                left -= member.Sha256 is null ? 0 : member.Size;
                members.Add(member);
            }
            return new(members, null);
        }
        catch (Exception fault) when (fault is SharpZipBaseException or IOException or ArgumentException or OverflowException)
        {
            return new(members, "damaged");
        }
    }

    private static (ArchiveMember Member, string? Refused) One(ZipFile archive, ZipEntry entry, long left)
    {
        var named = new ArchiveMember(FileNames.Safe(entry.Name, ""), Math.Max(0, entry.Size), entry.IsCrypted);
        using var digests = new Digests();
        try
        {
            using var content = archive.GetInputStream(entry);
            var most = Math.Min(left, Math.Max(1024 * 1024, entry.CompressedSize * MostRatio));
            var buffer = new byte[32768];
            int read;
            while ((read = content.Read(buffer, 0, buffer.Length)) > 0)
            {
                digests.Append(buffer.AsSpan(0, read));
                if (digests.Size > most)
                    return (named, most == left ? "size" : "ratio");
            }
        }
        catch (Exception fault) when (entry.IsCrypted && fault is SharpZipBaseException or CryptographicException or EndOfStreamException)
        {
            // Another password, or none: its name and claimed size are what can be told.
            return (named, null);
        }
        var (md5, sha1, sha256) = digests.Finish();
        return (named with { Size = digests.Size, Md5 = md5, Sha1 = sha1, Sha256 = sha256 }, null);
    }
}
