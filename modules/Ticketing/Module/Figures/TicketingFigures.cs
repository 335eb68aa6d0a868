using Appliance.Contracts;
using Appliance.Ticketing.Queue;

namespace Appliance.Ticketing.Figures;

/// <summary>The counts of ticketing for Home, Readiness and the wall.</summary>
internal sealed class TicketingFigures(CountViews counts) : IFigures
{
    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        if (!(await counts.RunAsync(viewer, default, cancel)).TryGet(out var views))
            return [];
        return
        [
            new("ticketing.figure.overdue", views.Overdue, "/tickets?view=overdue", views.Overdue > 0 ? FigureTone.Urgent : FigureTone.Calm, OnHome: true),
            new("ticketing.figure.unassigned", views.Unassigned, "/tickets?view=unassigned", views.Unassigned > 0 ? FigureTone.Attention : FigureTone.Calm, OnHome: true),
            new("ticketing.figure.mine", views.Mine, "/tickets?view=mine"),
            new("ticketing.figure.open", views.Open, "/tickets?view=open"),
            new("ticketing.figure.reports", views.NewReports, "/tickets/reports", views.NewReports > 0 ? FigureTone.Attention : FigureTone.Calm),
        ];
    }
}
