namespace Appliance.Kernel.Mail.Parse;

/// <summary>The bytes of one part of a message, by the id that <see cref="MailReader"/> gives it. Runs only in the parser's process.</summary>
internal static class MimePart
{
    /// <summary>The part's content without its transfer encoding, or null where the message has none of that id.</summary>
    /// <param name="asked">Id and message, as <see cref="Frames.With"/> joins them.</param>
    public static byte[]? Find(ReadOnlyMemory<byte> asked)
    {
        var (id, message) = Frames.Split(asked);
        return message.Length == 0 ? null : Find(MimeTree.Of(MailReader.WithLineFeeds(message), []), "", id);
    }

    private static byte[]? Find(MimeNode node, string id, string wanted)
    {
        if (node.Children.Count == 0)
            return !node.IsMultipart && (id.Length == 0 ? "0" : id) == wanted ? node.Content() : null;
        for (var i = 0; i < node.Children.Count; i++)
        {
            // Only the branch that leads there.
            var below = MailReader.Below(id, i + 1);
            if ((wanted == below || wanted.StartsWith(below + '.', StringComparison.Ordinal)) && Find(node.Children[i], below, wanted) is { } found)
                return found;
        }
        return null;
    }
}
