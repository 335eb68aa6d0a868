using Appliance.Contracts;

namespace Appliance.Kernel.Answers;

/// <summary>One section of the answer file, owned by the module that knows what it means.</summary>
/// <remarks>
/// Two halves: <see cref="Prepare"/> reads and judges without touching anything, so that all sections are judged before the first is applied;
/// the step it answers does the work and is safe to run again after it was interrupted.
/// </remarks>
public interface IAnswerSection
{
    /// <summary>The key at the top of the file.</summary>
    string Name { get; }

    /// <summary>Place in the order of applying.</summary>
    int Order { get; }

    /// <summary>One English line for the reference.</summary>
    string Summary { get; }

    /// <summary>True when a first set-up is not whole without it.</summary>
    bool IsRequired => false;

    /// <summary>True when a file may bring it to a machine that was set up already.</summary>
    bool IsRepeatable => false;

    /// <summary>The step of the set-up wizard that it answers, or null.</summary>
    string? SetupStep => null;

    /// <summary>Reads the section out of the whole file and notes everything that is wrong with it; changes nothing. Called only where the file has the section.</summary>
    AnswerStep Prepare(AnswerMap file);
}

/// <summary>Applies what a section prepared. Safe to run twice.</summary>
public delegate Task AnswerStep(AnswerRun run, CancellationToken cancel);

/// <summary>What a step works with.</summary>
/// <param name="Services">The services of the verb, with the database.</param>
/// <param name="Output">Where it says what it did, a line each.</param>
public sealed record AnswerRun(IServiceProvider Services, TextWriter Output)
{
    /// <summary>In whose name things are done: the audit trail shows it.</summary>
    public Viewer Viewer { get; } = Viewer.System("cirt answers");

    /// <summary>The value; a refusal ends the run with its words.</summary>
    /// <exception cref="AnswerRefusedException">The act was refused.</exception>
    public static T Demand<T>(string path, Outcome<T> outcome) =>
        outcome.TryGet(out var value) ? value : throw new AnswerRefusedException(path, outcome.Refusals);
}

/// <summary>An act refused what the file asks for, though it was well-formed.</summary>
public sealed class AnswerRefusedException(string path, IReadOnlyList<Refusal> refusals) : Exception($"{path}: {string.Join("; ", refusals.Select(r => r.Key))}")
{
    /// <summary>The place in the file.</summary>
    public string Path { get; } = path;

    /// <summary>Why.</summary>
    public IReadOnlyList<Refusal> Refusals { get; } = refusals;
}
