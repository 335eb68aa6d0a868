using System.Text.RegularExpressions;

namespace Appliance.Tests;

/// <summary>Takes a message apart as plainly as the standards allow, so that a test sees the bytes another program would.</summary>
public static partial class MimeText
{
    /// <summary>The parts of a multipart entity, each from its first byte to the line end before the boundary, with line ends of the network.</summary>
    public static IReadOnlyList<string> Parts(string entity)
    {
        entity = entity.ReplaceLineEndings("\r\n");
        var boundary = Boundary().Match(entity).Groups[1].Value;
        var pieces = ("\r\n" + entity).Split($"\r\n--{boundary}");
        return [.. pieces.Skip(1).Where(p => !p.StartsWith("--", StringComparison.Ordinal)).Select(p => p[2..])];
    }

    /// <summary>What stands behind the first empty line.</summary>
    public static string Body(string entity)
    {
        entity = entity.ReplaceLineEndings("\r\n");
        return entity[(entity.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    [GeneratedRegex("boundary=\"([^\"]+)\"")]
    private static partial Regex Boundary();
}
