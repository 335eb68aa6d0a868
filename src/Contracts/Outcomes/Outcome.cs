using System.Diagnostics.CodeAnalysis;

namespace Appliance.Contracts;

/// <summary>Why an act was refused: a resource key with its particulars, never an exception.</summary>
/// <param name="Kind">What sort of refusal, for the status code and the page's state.</param>
/// <param name="Key">Resource key of a message in three parts: what is wrong, the particulars, what to do next.</param>
/// <param name="Field">The field of the request it is about, when it is about one.</param>
/// <param name="Arguments">The particulars, in the order of the placeholders.</param>
public sealed record Refusal(RefusalKind Kind, string Key, string? Field = null, params object[] Arguments)
{
    /// <summary>True when somebody else changed the thing since the asker looked: 412 where the request named the version it saw.</summary>
    public bool IsStale { get; init; }
}

/// <summary>The sorts of refusal.</summary>
public enum RefusalKind
{
    /// <summary>The request is malformed or breaks a rule (400).</summary>
    Invalid,

    /// <summary>The viewer may not (403).</summary>
    Forbidden,

    /// <summary>There is no such thing, or the viewer may not know of it (404).</summary>
    NotFound,

    /// <summary>Someone else changed it, or its state forbids the act (409).</summary>
    Conflict,

    /// <summary>A part that is needed does not answer (503).</summary>
    Unavailable,
}

/// <summary>What an act or query answers: a value, or the refusals that prevented it.</summary>
/// <remarks>Bugs and a broken world throw; a refusal is expected and returned.</remarks>
public sealed class Outcome<T>
{
    private readonly T? _value;

    private Outcome(T? value, IReadOnlyList<Refusal> refusals) => (_value, Refusals) = (value, refusals);

    /// <summary>All that was wrong, at once; empty on success.</summary>
    public IReadOnlyList<Refusal> Refusals { get; }

    /// <summary>True when there is a value.</summary>
    public bool Succeeded => Refusals.Count == 0;

    /// <summary>The value. Throws when refused: ask <see cref="Succeeded"/> first.</summary>
    public T Value => Succeeded ? _value! : throw new InvalidOperationException($"refused: {Refusals[0].Key}");

    /// <summary>The value when there is one.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return Succeeded;
    }

    /// <summary>A success.</summary>
    public static implicit operator Outcome<T>(T value) => new(value, []);

    /// <summary>A refusal.</summary>
    public static implicit operator Outcome<T>(Refusal refusal) => new(default, [refusal]);

    /// <summary>Several refusals, reported together.</summary>
    public static Outcome<T> Refused(IReadOnlyList<Refusal> refusals) =>
        refusals.Count > 0 ? new(default, refusals) : throw new ArgumentException("a refusal needs a reason", nameof(refusals));
}

/// <summary>Short ways to refuse.</summary>
public static class Refuse
{
    /// <summary>The request breaks a rule; <paramref name="field"/> names where.</summary>
    public static Refusal Invalid(string key, string? field = null, params object[] arguments) => new(RefusalKind.Invalid, key, field, arguments);

    /// <summary>The viewer may not.</summary>
    public static Refusal Forbidden(string key, params object[] arguments) => new(RefusalKind.Forbidden, key, null, arguments);

    /// <summary>No such thing for this viewer.</summary>
    public static Refusal NotFound(string key, params object[] arguments) => new(RefusalKind.NotFound, key, null, arguments);

    /// <summary>The state forbids it.</summary>
    public static Refusal Conflict(string key, params object[] arguments) => new(RefusalKind.Conflict, key, null, arguments);

    /// <summary>Somebody else changed it meanwhile.</summary>
    public static Refusal Changed(string key, params object[] arguments) => new(RefusalKind.Conflict, key, null, arguments) { IsStale = true };

    /// <summary>A part does not answer.</summary>
    public static Refusal Unavailable(string key, params object[] arguments) => new(RefusalKind.Unavailable, key, null, arguments);
}

/// <summary>The empty value of acts that answer nothing.</summary>
public readonly record struct Done;

/// <summary>One page of a list, read by key.</summary>
/// <param name="Items">The rows, in order.</param>
/// <param name="Next">Opaque key of the next page, or null at the end. Bound to the filter it was made with.</param>
/// <param name="Total">How many there are, capped: <see cref="TotalIsCapped"/> says whether there are more.</param>
/// <param name="TotalIsCapped">True when counting stopped at the cap.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next, long? Total = null, bool TotalIsCapped = false);
