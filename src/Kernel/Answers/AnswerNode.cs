namespace Appliance.Kernel.Answers;

/// <summary>One place of an answer file: a text, a list or a map, with where it stands. Immutable.</summary>
/// <param name="Path">From the root: <c>administrators[0].mail</c>.</param>
/// <param name="Line">Line in the file, from 1.</param>
/// <param name="Text">The text; null for a list or a map.</param>
/// <param name="Items">The items of a list.</param>
/// <param name="Members">The members of a map, in the order written.</param>
public sealed record AnswerNode(string Path, int Line, string? Text, IReadOnlyList<AnswerNode>? Items, IReadOnlyList<KeyValuePair<string, AnswerNode>>? Members)
{
    /// <summary>True for a text that was sealed in the file and opened with the machine's key.</summary>
    public bool WasSealed { get; init; }

    /// <summary>The member of that name, or null.</summary>
    public AnswerNode? Find(string name) => Members?.FirstOrDefault(m => m.Key == name).Value;
}

/// <summary>What is wrong at one place of an answer file.</summary>
/// <param name="Path">The place, as in <see cref="AnswerNode.Path"/>.</param>
/// <param name="Line">Its line, or 0 where there is none to point at.</param>
/// <param name="Reason">What is wrong and what is expected, in English; or a resource key with <paramref name="Arguments"/>.</param>
/// <param name="Arguments">The particulars of a resource key.</param>
public sealed record AnswerFault(string Path, int Line, string Reason, params object[] Arguments);
